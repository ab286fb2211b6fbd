-- People write several numbers into the field of one; each finds the caller again.
ALTER TABLE receipts ADD COLUMN further_indexes text[] NOT NULL DEFAULT '{}';

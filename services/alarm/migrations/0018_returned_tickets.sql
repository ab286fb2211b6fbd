-- The partner that gave a ticket back finds it in its list after the desk has gone on without it.
ALTER TABLE receipts ADD COLUMN returned_to text COLLATE "C" NOT NULL DEFAULT '';

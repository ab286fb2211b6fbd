-- Receipts of one address are found by its text, too; those of before have none.
ALTER TABLE receipts ADD COLUMN address text NOT NULL DEFAULT '';
CREATE INDEX receipts_at_address ON receipts (address, receive_time DESC) WHERE address <> '';

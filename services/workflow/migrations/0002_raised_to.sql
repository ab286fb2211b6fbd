-- The common superior that designates, where a matter has bounced too often.
ALTER TABLE incidents ADD COLUMN raised_to text NOT NULL DEFAULT '';

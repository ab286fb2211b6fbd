-- The unit that it may accuse; empty for all else. Who only watches over the area does not see it.
ALTER TABLE incidents ADD COLUMN against text NOT NULL DEFAULT '';

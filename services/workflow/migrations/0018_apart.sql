-- The units that see of an accusing supervision their own part alone.
ALTER TABLE supervisions ADD COLUMN apart text[] NOT NULL DEFAULT '{}';

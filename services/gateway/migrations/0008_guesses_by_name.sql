-- The keyed hash of the name that was guessed from an address: an account that is unlocked is free from all of them.
ALTER TABLE guesses ADD COLUMN of_name text NOT NULL DEFAULT '';

-- An outcome keeps no copy of the state: the answer is the row, or the journal folded.
ALTER TABLE outcomes ADD COLUMN kind text NOT NULL DEFAULT '', ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
UPDATE outcomes SET kind = answer ->> 'kind', facts = answer -> 'facts' WHERE reason <> '';
ALTER TABLE outcomes DROP COLUMN answer;
ALTER TABLE outcomes ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN facts DROP DEFAULT;

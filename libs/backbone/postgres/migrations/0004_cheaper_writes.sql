-- The statement that writes a pointer has just written its journal row, and no row of the journal is
-- ever deleted: the foreign key cost a look-up for each event and could find nothing.
ALTER TABLE unsent DROP CONSTRAINT unsent_position_fkey;
-- Outcomes come in the order of their time and leave in it.
DROP INDEX outcomes_time;
CREATE INDEX outcomes_time ON outcomes USING brin (time) WITH (pages_per_range = 32, autosummarize = on);

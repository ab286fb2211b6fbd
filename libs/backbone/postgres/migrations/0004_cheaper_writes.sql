-- The statement that writes a pointer has just written its journal row, and no row of the journal is
-- ever deleted: the foreign key cost a look-up for each event and could find nothing.
ALTER TABLE unsent DROP CONSTRAINT unsent_position_fkey;

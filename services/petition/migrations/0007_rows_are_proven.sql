-- The code by which the service knows a row as its own (backbone.door.rows). Rows of before have none until they
-- are read: then they are compared with their journal.
ALTER TABLE petitions ADD COLUMN proof bytea;

-- One row a team, updated with each push and with no index but the key: half a page of room keeps its versions
-- on the page, and 50 dead ones are many for a hundred teams.
ALTER TABLE mailboxes SET (fillfactor = 50, autovacuum_vacuum_threshold = 50);

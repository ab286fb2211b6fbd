-- The service asks for more kinds of directory entries than before (dangers, neighbours): it reads the
-- topic from its beginning once, for entries that it has passed over are not published again.
DELETE FROM replica_bookmark;

-- The service asks for more kinds of directory entries than before (areas, grids, neighbours): it reads
-- the topic from its beginning once, for older entries are not published again.
DELETE FROM replica_bookmark;

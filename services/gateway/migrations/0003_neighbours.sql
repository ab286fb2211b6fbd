-- The gateway asks for one kind of directory entries more (neighbours): it reads the topic from its
-- beginning once, for entries that it has passed over are not published again.
DELETE FROM replica_bookmark;

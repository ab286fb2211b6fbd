-- The service asks for another kind of directory entries than before (the danger list): it reads the
-- topic from its beginning once, for entries that it has passed over are not published again.
DELETE FROM replica_bookmark;

-- Who sees an incident depends on the source of its matter: the indexes of the lists hold it, so that a
-- page still reads indexes alone.
DROP INDEX incidents_by_state, incidents_by_unit, incidents_by_category, incidents_by_area,
    incidents_by_waiting, incidents_of_holder;
CREATE INDEX incidents_by_state ON incidents (state, rank, id)
    INCLUDE (unit, category, priority, area, against, source, readers);
CREATE INDEX incidents_by_unit ON incidents (unit, state, rank, id)
    INCLUDE (category, priority, area, against, source, readers);
CREATE INDEX incidents_by_category ON incidents (category, rank, id)
    INCLUDE (state, unit, priority, area, against, source, readers);
CREATE INDEX incidents_by_area ON incidents (area, rank, id)
    INCLUDE (state, unit, category, priority, against, source, readers);
CREATE INDEX incidents_by_waiting ON incidents (waiting, rank, id)
    INCLUDE (state, unit, category, priority, area, against, source) WHERE waiting <> '';
CREATE INDEX incidents_of_holder ON incidents (holder, rank, id)
    INCLUDE (state, unit, category, priority, area, against, source, readers)
    WHERE holder <> '' AND rank >= 0;

-- The source of a matter never changes, so that no trigger watches it.
ALTER TABLE incident_readers ADD COLUMN source text NOT NULL DEFAULT '';
UPDATE incident_readers AS r SET source = i.source FROM incidents AS i WHERE i.id = r.id;
ALTER TABLE incident_readers ALTER COLUMN source DROP DEFAULT;
DROP INDEX incident_readers_waiting;
CREATE INDEX incident_readers_waiting ON incident_readers (reader, rank, id)
    INCLUDE (category, priority, area, against, source) WHERE waits;
ALTER TABLE incident_readers DROP CONSTRAINT incident_readers_pkey;
ALTER TABLE incident_readers ADD PRIMARY KEY (reader, rank, id)
    INCLUDE (state, unit, category, priority, area, against, source);
CREATE OR REPLACE FUNCTION list_for_readers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incident_readers
    SELECT reader, i.rank, i.id, reader = ANY (i.waiting_too), i.category, i.priority, i.area,
           i.against, CASE WHEN i.rank >= 0 THEN i.state END, CASE WHEN i.rank >= 0 THEN i.unit END,
           i.source
    FROM new_incidents AS i CROSS JOIN unnest(i.readers) AS reader;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION list_again_for_readers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM incident_readers AS r USING unnest(old.readers) AS reader
    WHERE r.reader = reader.reader AND r.rank = old.rank AND r.id = old.id;
    INSERT INTO incident_readers
    SELECT reader, new.rank, new.id, reader = ANY (new.waiting_too), new.category, new.priority,
           new.area, new.against, CASE WHEN new.rank >= 0 THEN new.state END,
           CASE WHEN new.rank >= 0 THEN new.unit END, new.source
    FROM unnest(new.readers) AS reader;
    RETURN NULL;
END
$$;

-- Lists in one order, by rank and id (backbone.words.rank), each read from an index that begins with
-- what the list asks for. Codes are compared by their bytes: what lies below a code is a range.
ALTER TABLE incidents
    ADD COLUMN rank bigint, ADD COLUMN readers text[],
    ADD COLUMN waiting text COLLATE "C", ADD COLUMN waiting_too text[],
    ALTER COLUMN state TYPE text COLLATE "C", ALTER COLUMN unit TYPE text COLLATE "C",
    ALTER COLUMN holder TYPE text COLLATE "C", ALTER COLUMN category TYPE text COLLATE "C",
    ALTER COLUMN area TYPE text COLLATE "C";
DROP INDEX incidents_pool, incidents_waits_for, incidents_involved, incidents_area;

-- One row for each unit that may read an incident: an index over the elements of `readers` in the
-- order of the lists, kept by triggers. `waits` says that it stands in the inbox of the unit too, beside
-- that of `waiting`. State and unit, which change at every step, are only kept of what is over.
CREATE TABLE incident_readers (
    reader   text COLLATE "C" NOT NULL,
    rank     bigint NOT NULL,
    id       uuid NOT NULL,
    waits    boolean NOT NULL,
    category text NOT NULL,
    priority text NOT NULL,
    area     text NOT NULL,
    against  text NOT NULL,
    state    text,
    unit     text,
    PRIMARY KEY (reader, rank, id)
        INCLUDE (state, unit, category, priority, area, against)
);
CREATE INDEX incident_readers_waiting ON incident_readers (reader, rank, id)
    INCLUDE (category, priority, area, against) WHERE waits;
CREATE FUNCTION list_for_readers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incident_readers
    SELECT reader, i.rank, i.id, reader = ANY (i.waiting_too), i.category, i.priority, i.area,
           i.against, CASE WHEN i.rank >= 0 THEN i.state END, CASE WHEN i.rank >= 0 THEN i.unit END
    FROM new_incidents AS i CROSS JOIN unnest(i.readers) AS reader;
    RETURN NULL;
END
$$;
CREATE FUNCTION list_again_for_readers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM incident_readers AS r USING unnest(old.readers) AS reader
    WHERE r.reader = reader.reader AND r.rank = old.rank AND r.id = old.id;
    INSERT INTO incident_readers
    SELECT reader, new.rank, new.id, reader = ANY (new.waiting_too), new.category, new.priority,
           new.area, new.against, CASE WHEN new.rank >= 0 THEN new.state END,
           CASE WHEN new.rank >= 0 THEN new.unit END
    FROM unnest(new.readers) AS reader;
    RETURN NULL;
END
$$;
UPDATE incidents SET
    rank = CASE WHEN state IN ('CLOSED', 'MERGED', 'VOIDED') THEN
        (1::bigint << 62) - (extract(epoch FROM open_time) * 1000000)::bigint
    ELSE
        -(1::bigint << 62) + (extract(epoch FROM open_time) * 1000000)::bigint
        + (coalesce(array_position(ARRAY['P1', 'P2', 'P3', 'P4'], priority), 5) - 1)
          * (1::bigint << 56)
    END,
    readers = ARRAY(
        SELECT reader FROM unnest(involved) WITH ORDINALITY AS r (reader, place)
        WHERE reader <> against OR reader = coalesce(doc -> 'matter' ->> 'desk', doc ->> 'desk')
        ORDER BY place);
UPDATE incidents SET waits_for = ARRAY(SELECT unnest(waits_for) INTERSECT SELECT unnest(readers))
WHERE against <> '' AND NOT waits_for <@ readers;
UPDATE incidents SET waiting = coalesce(waits_for[1], ''), waiting_too = waits_for[2:];
ALTER TABLE incidents
    ALTER COLUMN rank SET NOT NULL, ALTER COLUMN readers SET NOT NULL,
    ALTER COLUMN waiting SET NOT NULL, ALTER COLUMN waiting_too SET NOT NULL,
    DROP COLUMN involved, DROP COLUMN waits_for;
INSERT INTO incident_readers
SELECT reader, i.rank, i.id, reader = ANY (i.waiting_too), i.category, i.priority, i.area, i.against,
       CASE WHEN i.rank >= 0 THEN i.state END, CASE WHEN i.rank >= 0 THEN i.unit END
FROM incidents AS i CROSS JOIN unnest(i.readers) AS reader;
-- Only now: the rows above are written at once, and not one by one.
CREATE TRIGGER new_incidents AFTER INSERT ON incidents REFERENCING NEW TABLE AS new_incidents
    FOR EACH STATEMENT EXECUTE FUNCTION list_for_readers();
CREATE TRIGGER other_readers AFTER UPDATE ON incidents FOR EACH ROW WHEN (
    (old.readers, old.rank, old.waiting_too, old.category, old.priority, old.area,
     old.against)
    IS DISTINCT FROM
    (new.readers, new.rank, new.waiting_too, new.category, new.priority, new.area,
     new.against)
) EXECUTE FUNCTION list_again_for_readers();

CREATE INDEX incidents_by_state ON incidents (state, rank, id)
    INCLUDE (unit, category, priority, area, against, readers);
CREATE INDEX incidents_by_unit ON incidents (unit, state, rank, id)
    INCLUDE (category, priority, area, against, readers);
CREATE INDEX incidents_by_category ON incidents (category, rank, id)
    INCLUDE (state, unit, priority, area, against, readers);
CREATE INDEX incidents_by_area ON incidents (area, rank, id)
    INCLUDE (state, unit, category, priority, against, readers);
CREATE INDEX incidents_by_waiting ON incidents (waiting, rank, id)
    INCLUDE (state, unit, category, priority, area, against) WHERE waiting <> '';
CREATE INDEX incidents_by_holder ON incidents (holder, rank, id) WHERE holder <> '' AND rank < 0;
CREATE INDEX incidents_of_holder ON incidents (holder, rank, id)
    INCLUDE (state, unit, category, priority, area, against, readers)
    WHERE holder <> '' AND rank >= 0;

-- A list reads indexes alone where the pages of its rows are known to be visible to all: vacuum says so.
ALTER TABLE incidents SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE incident_readers SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

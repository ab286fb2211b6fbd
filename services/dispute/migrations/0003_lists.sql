-- Lists in one order, by rank and id (backbone.words.rank), each read from an index that begins with
-- what the list asks for. Codes are compared by their bytes: what lies below a code is a range.
ALTER TABLE disputes
    ADD COLUMN rank bigint,
    ALTER COLUMN state TYPE text COLLATE "C", ALTER COLUMN desk TYPE text COLLATE "C",
    ALTER COLUMN kind TYPE text COLLATE "C", ALTER COLUMN area TYPE text COLLATE "C";
UPDATE disputes SET rank =
    CASE WHEN state IN ('REFUSED', 'CLOSED') THEN 1::bigint << 62 ELSE 0 END
    - (extract(epoch FROM register_time) * 1000000)::bigint;
ALTER TABLE disputes ALTER COLUMN rank SET NOT NULL;
DROP INDEX disputes_latest, disputes_area, disputes_units;
CREATE INDEX disputes_by_state ON disputes (state, rank, id)
    INCLUDE (kind, source, level, desk, area);
CREATE INDEX disputes_by_desk ON disputes (desk, rank, id)
    INCLUDE (state, kind, source, level, area);
CREATE INDEX disputes_by_kind ON disputes (kind, rank, id)
    INCLUDE (state, source, level, desk, area);
CREATE INDEX disputes_by_area ON disputes (area, rank, id)
    INCLUDE (state, kind, source, level, desk);

-- One row for each unit that may know of a dispute: an index over the elements of `units` in the
-- order of the lists, kept by triggers.
CREATE TABLE dispute_readers (
    reader text COLLATE "C" NOT NULL,
    rank   bigint NOT NULL,
    id     uuid NOT NULL,
    state  text NOT NULL,
    kind   text NOT NULL,
    source text NOT NULL,
    level  integer NOT NULL,
    desk   text NOT NULL,
    area   text NOT NULL,
    PRIMARY KEY (reader, rank, id) INCLUDE (state, kind, source, level, desk, area)
);
INSERT INTO dispute_readers
SELECT DISTINCT reader, rank, id, state, kind, source, level, desk, area
FROM disputes CROSS JOIN unnest(units) AS reader;
CREATE FUNCTION list_for_readers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM dispute_readers AS r USING unnest(old.units) AS gone
        WHERE r.reader = gone AND r.rank = old.rank AND r.id = old.id;
    END IF;
    INSERT INTO dispute_readers
    SELECT DISTINCT reader, new.rank, new.id, new.state, new.kind, new.source, new.level,
           new.desk, new.area
    FROM unnest(new.units) AS reader;
    RETURN NULL;
END
$$;
CREATE TRIGGER new_disputes AFTER INSERT ON disputes
    FOR EACH ROW EXECUTE FUNCTION list_for_readers();
CREATE TRIGGER other_readers AFTER UPDATE ON disputes FOR EACH ROW WHEN (
    (old.units, old.rank, old.state, old.kind, old.source, old.level, old.desk, old.area)
    IS DISTINCT FROM
    (new.units, new.rank, new.state, new.kind, new.source, new.level, new.desk, new.area)
) EXECUTE FUNCTION list_for_readers();

-- A list reads indexes alone where the pages of its rows are known to be visible to all: vacuum says so.
ALTER TABLE disputes SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE dispute_readers SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

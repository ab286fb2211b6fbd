-- Lists in one order, by rank and id (backbone.words.rank), each read from an index that begins with
-- what the list asks for. Codes are compared by their bytes: what lies below a code is a range.
ALTER TABLE petitions
    ADD COLUMN rank bigint,
    ALTER COLUMN state TYPE text COLLATE "C", ALTER COLUMN desk TYPE text COLLATE "C",
    ALTER COLUMN category TYPE text COLLATE "C", ALTER COLUMN channel TYPE text COLLATE "C",
    ALTER COLUMN kind TYPE text COLLATE "C",
    ALTER COLUMN watched_area TYPE text COLLATE "C";
UPDATE petitions SET rank =
    CASE WHEN state IN ('DECLINED', 'REFERRED', 'CLOSED') THEN 1::bigint << 62 ELSE 0 END
    - (extract(epoch FROM register_time) * 1000000)::bigint;
ALTER TABLE petitions ALTER COLUMN rank SET NOT NULL;
DROP INDEX petitions_latest, petitions_audience, petitions_watched_area;
CREATE INDEX petitions_by_state ON petitions (state, rank, id)
    INCLUDE (channel, kind, category, desk, watched_area);
CREATE INDEX petitions_by_desk ON petitions (desk, rank, id)
    INCLUDE (state, channel, kind, category, watched_area);
CREATE INDEX petitions_by_category ON petitions (category, rank, id)
    INCLUDE (state, channel, kind, desk, watched_area);
CREATE INDEX petitions_by_channel ON petitions (channel, rank, id)
    INCLUDE (state, kind, category, desk, watched_area);
CREATE INDEX petitions_by_kind ON petitions (kind, rank, id)
    INCLUDE (state, channel, category, desk, watched_area);
CREATE INDEX petitions_by_area ON petitions (watched_area, rank, id)
    INCLUDE (state, channel, kind, category, desk);

-- One row for each unit that may know of a petition: an index over the elements of `audience` in the
-- order of the lists, kept by triggers.
CREATE TABLE petition_readers (
    reader       text COLLATE "C" NOT NULL,
    rank         bigint NOT NULL,
    id           uuid NOT NULL,
    state        text NOT NULL,
    channel      text NOT NULL,
    kind         text,
    category     text NOT NULL,
    desk         text NOT NULL,
    watched_area text NOT NULL,
    PRIMARY KEY (reader, rank, id) INCLUDE (state, channel, kind, category, desk, watched_area)
);
INSERT INTO petition_readers
SELECT DISTINCT reader, rank, id, state, channel, kind, category, desk, watched_area
FROM petitions CROSS JOIN unnest(audience) AS reader;
CREATE FUNCTION list_for_readers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM petition_readers AS r USING unnest(old.audience) AS gone
        WHERE r.reader = gone AND r.rank = old.rank AND r.id = old.id;
    END IF;
    INSERT INTO petition_readers
    SELECT DISTINCT reader, new.rank, new.id, new.state, new.channel, new.kind, new.category,
           new.desk, new.watched_area
    FROM unnest(new.audience) AS reader;
    RETURN NULL;
END
$$;
CREATE TRIGGER new_petitions AFTER INSERT ON petitions
    FOR EACH ROW EXECUTE FUNCTION list_for_readers();
CREATE TRIGGER other_readers AFTER UPDATE ON petitions FOR EACH ROW WHEN (
    (old.audience, old.rank, old.state, old.channel, old.kind, old.category, old.desk,
     old.watched_area)
    IS DISTINCT FROM
    (new.audience, new.rank, new.state, new.channel, new.kind, new.category, new.desk,
     new.watched_area)
) EXECUTE FUNCTION list_for_readers();

-- A list reads indexes alone where the pages of its rows are known to be visible to all: vacuum says so.
ALTER TABLE petitions SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE petition_readers SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

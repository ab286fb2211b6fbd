-- Lists in one order, by rank and id (backbone.words.rank), each read from an index that begins with
-- what the list asks for. Codes are compared by their bytes: what lies below a code is a range.
ALTER TABLE missions
    ADD COLUMN rank bigint,
    ALTER COLUMN state TYPE text COLLATE "C", ALTER COLUMN team TYPE text COLLATE "C",
    ALTER COLUMN unit TYPE text COLLATE "C", ALTER COLUMN ordered_unit TYPE text COLLATE "C",
    ALTER COLUMN area TYPE text COLLATE "C", ALTER COLUMN code TYPE text COLLATE "C";
UPDATE missions SET rank =
    CASE WHEN state IN ('CLEARED', 'REFUSED') THEN 1::bigint << 62 ELSE 0 END
    - (extract(epoch FROM dispatch_time) * 1000000)::bigint;
ALTER TABLE missions ALTER COLUMN rank SET NOT NULL;
DROP INDEX missions_newest;
CREATE INDEX missions_by_state ON missions (state, rank, id)
    INCLUDE (team, unit, ordered_unit, area, priority);
CREATE INDEX missions_by_team ON missions (team, rank, id)
    INCLUDE (state, unit, ordered_unit, area, priority);
CREATE INDEX missions_by_unit ON missions (unit, rank, id)
    INCLUDE (state, team, ordered_unit, area, priority);
CREATE INDEX missions_by_ordered_unit ON missions (ordered_unit, rank, id)
    INCLUDE (state, team, unit, area, priority);
CREATE INDEX missions_by_area ON missions (area, rank, id)
    INCLUDE (state, team, unit, ordered_unit, priority);
CREATE INDEX missions_by_code ON missions (code);

-- A list reads indexes alone where the pages of its rows are known to be visible to all: vacuum says so.
ALTER TABLE missions SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

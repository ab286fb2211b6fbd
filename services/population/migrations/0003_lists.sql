-- Lists in one order, by rank and id (backbone.words.rank), each read from an index that begins with
-- what the list asks for.
ALTER TABLE care_cases ADD COLUMN rank bigint;
UPDATE care_cases SET rank =
    CASE WHEN state IN ('ENDED', 'SEALED') THEN 1::bigint << 62 ELSE 0 END
    - (extract(epoch FROM register_time) * 1000000)::bigint;
ALTER TABLE care_cases ALTER COLUMN rank SET NOT NULL;
DROP INDEX care_cases_latest, care_cases_unit, care_cases_workers;
CREATE INDEX care_cases_by_unit ON care_cases (unit, rank, id)
    INCLUDE (state, programme, overdue, care_workers, sender, sent_by);
CREATE INDEX care_cases_by_sender ON care_cases (sender, sent_by, rank, id)
    INCLUDE (state, programme, overdue, unit, care_workers);

-- A list reads indexes alone where the pages of its rows are known to be visible to all: vacuum says so.
ALTER TABLE care_cases SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

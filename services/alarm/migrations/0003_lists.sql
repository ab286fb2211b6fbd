-- Lists in one order, by rank and id (backbone.words.rank), each read from an index that begins with
-- what the list asks for. Codes are compared by their bytes: what lies below a code is a range.
ALTER TABLE receipts
    ADD COLUMN rank bigint,
    ALTER COLUMN state TYPE text COLLATE "C", ALTER COLUMN unit TYPE text COLLATE "C",
    ALTER COLUMN kind TYPE text COLLATE "C", ALTER COLUMN category TYPE text COLLATE "C",
    ALTER COLUMN area TYPE text COLLATE "C", ALTER COLUMN passed_to TYPE text COLLATE "C",
    ALTER COLUMN outcome TYPE text COLLATE "C";
UPDATE receipts SET rank = CASE WHEN state = 'CLOSED' THEN 1::bigint << 62 ELSE 0 END
    - (extract(epoch FROM receive_time) * 1000000)::bigint;
ALTER TABLE receipts ALTER COLUMN rank SET NOT NULL;
DROP INDEX receipts_of_unit, receipts_newest, receipts_passed_to;
CREATE INDEX receipts_by_unit ON receipts (unit, rank, id)
    INCLUDE (state, outcome, kind, category, priority, area);
CREATE INDEX receipts_by_passed_to ON receipts (passed_to, rank, id)
    INCLUDE (state, outcome, kind, category, priority, area, unit) WHERE passed_to <> '';
CREATE INDEX receipts_by_state ON receipts (state, rank, id)
    INCLUDE (outcome, kind, category, priority, area, unit);
CREATE INDEX receipts_by_category ON receipts (category, rank, id)
    INCLUDE (state, outcome, kind, priority, area, unit);
CREATE INDEX receipts_by_area ON receipts (area, rank, id)
    INCLUDE (state, outcome, kind, category, priority, unit);
CREATE INDEX receipts_by_kind ON receipts (kind, rank, id)
    INCLUDE (state, outcome, category, priority, area, unit);
CREATE INDEX receipts_by_outcome ON receipts (outcome, rank, id)
    INCLUDE (state, kind, category, priority, area, unit);

-- A list reads indexes alone where the pages of its rows are known to be visible to all: vacuum says so.
ALTER TABLE receipts SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

-- The unit that a report accuses; empty for all else. Watchers over the area do not see such a receipt.
-- The indexes of the lists hold the column, so that a page of a watcher still reads indexes alone.
ALTER TABLE receipts ADD COLUMN against text NOT NULL DEFAULT '';
ALTER TABLE receipts ALTER COLUMN against DROP DEFAULT;
DROP INDEX receipts_by_unit, receipts_by_passed_to, receipts_by_state, receipts_by_category,
    receipts_by_area, receipts_by_kind, receipts_by_outcome;
CREATE INDEX receipts_by_unit ON receipts (unit, rank, id)
    INCLUDE (state, outcome, kind, category, priority, area, against);
CREATE INDEX receipts_by_passed_to ON receipts (passed_to, rank, id)
    INCLUDE (state, outcome, kind, category, priority, area, unit, against) WHERE passed_to <> '';
CREATE INDEX receipts_by_state ON receipts (state, rank, id)
    INCLUDE (outcome, kind, category, priority, area, unit, against);
CREATE INDEX receipts_by_category ON receipts (category, rank, id)
    INCLUDE (state, outcome, kind, priority, area, unit, against);
CREATE INDEX receipts_by_area ON receipts (area, rank, id)
    INCLUDE (state, outcome, kind, category, priority, unit, against);
CREATE INDEX receipts_by_kind ON receipts (kind, rank, id)
    INCLUDE (state, outcome, category, priority, area, unit, against);
CREATE INDEX receipts_by_outcome ON receipts (outcome, rank, id)
    INCLUDE (state, kind, category, priority, area, unit, against);

-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS incidents_by_source ON incidents (source, rank, id)
    INCLUDE (state, unit, category, priority, area, against, readers);

-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS incidents_accusing ON incidents (id) INCLUDE (against, state, held_by)
    WHERE against <> '';

-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS incidents_alerted ON incidents (alerted, rank, id)
    INCLUDE (category, priority, area, against, source, reasons, readers) WHERE alerted;

-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS receipts_of_left_incidents ON receipts
    USING gin (left_incidents) WHERE left_incidents <> '{}';

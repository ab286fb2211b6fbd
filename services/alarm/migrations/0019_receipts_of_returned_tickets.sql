-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS receipts_by_returned_to ON receipts (returned_to, rank, id)
    WHERE returned_to <> '';

-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS receipts_of_further_numbers ON receipts
    USING gin (further_indexes) WHERE further_indexes <> '{}';

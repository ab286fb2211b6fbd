-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS reveals_of_a_record ON reveals (subject, position);

-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_by_kind ON audit (kind, position);

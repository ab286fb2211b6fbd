-- outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS reveals_by_subject;

INSERT INTO dispute.dispute_readers
SELECT reader, rank, id, state, kind, source, level, desk, area
FROM dispute.disputes CROSS JOIN unnest(units) AS reader

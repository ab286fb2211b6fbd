INSERT INTO workflow.incident_readers
SELECT reader, rank, id, reader = ANY (waiting_too), category, priority, area, against,
       CASE WHEN rank >= 0 THEN state END, CASE WHEN rank >= 0 THEN unit END, source
FROM workflow.incidents CROSS JOIN unnest(readers) AS reader

-- The unit that has the incident of a report sees the report, and all that were linked to one incident
-- are listed together.
ALTER TABLE receipts ADD COLUMN handler text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE receipts ALTER COLUMN handler DROP DEFAULT;
UPDATE receipts SET handler = coalesce(doc #>> '{incident,known,unit}', doc #>> '{incident,unit}', '')
WHERE incident_id IS NOT NULL;
DROP INDEX receipts_of_incident;
CREATE INDEX receipts_by_handler ON receipts (handler, rank, id) WHERE handler <> '';
CREATE INDEX receipts_by_incident ON receipts (incident_id, rank, id) WHERE incident_id IS NOT NULL;

-- A row is a document and the columns by which it is found and checked. The document of an older
-- row is the flat row itself: shape 1.
ALTER TABLE missions ADD COLUMN shape integer, ADD COLUMN doc json, ADD COLUMN hash bytea;
UPDATE missions AS m SET
    shape = 1,
    doc = (to_jsonb(m) - '{shape,doc,hash}'::text[])::json,
    hash = (SELECT j.hash FROM journal AS j WHERE j.aggregate_id = m.id
            ORDER BY j.version DESC LIMIT 1);
ALTER TABLE missions
    ALTER COLUMN shape SET NOT NULL, ALTER COLUMN doc SET NOT NULL, ALTER COLUMN hash SET NOT NULL,
    DROP COLUMN time, DROP COLUMN place, DROP COLUMN narrative, DROP COLUMN category,
    DROP COLUMN exercise, DROP COLUMN ordered_by, DROP COLUMN reachable, DROP COLUMN pauses,
    DROP COLUMN revision, DROP COLUMN attempt, DROP COLUMN implied, DROP COLUMN deliver_time,
    DROP COLUMN acknowledge_time, DROP COLUMN depart_time, DROP COLUMN arrive_time,
    DROP COLUMN acknowledged_by, DROP COLUMN refuse_reason, DROP COLUMN result;

ALTER TABLE team_statuses ADD COLUMN shape integer, ADD COLUMN doc json, ADD COLUMN hash bytea;
UPDATE team_statuses AS s SET
    shape = 1,
    doc = (to_jsonb(s) - '{shape,doc,hash}'::text[])::json,
    hash = (SELECT j.hash FROM journal AS j WHERE j.aggregate_id = s.id
            ORDER BY j.version DESC LIMIT 1);
ALTER TABLE team_statuses
    ALTER COLUMN shape SET NOT NULL, ALTER COLUMN doc SET NOT NULL, ALTER COLUMN hash SET NOT NULL,
    DROP COLUMN time, DROP COLUMN unit, DROP COLUMN area, DROP COLUMN note, DROP COLUMN set_by;

-- A receipt is a document; beside it stand the columns that queries and CHECKs need.
ALTER TABLE receipts
    ADD COLUMN shape            integer,
    ADD COLUMN doc              json,
    ADD COLUMN hash             bytea,
    ADD COLUMN incident_version bigint,
    ALTER COLUMN area           DROP EXPRESSION,
    ALTER COLUMN number_index   DROP EXPRESSION,
    ALTER COLUMN cell           DROP EXPRESSION;

UPDATE receipts AS r SET
    shape = 1,
    doc = (to_jsonb(r) - ARRAY['shape', 'doc', 'hash', 'incident_version', 'area', 'number_index', 'cell'])::json,
    hash = j.hash,
    incident_version = (r.incident ->> 'version')::bigint
FROM journal AS j WHERE j.aggregate_id = r.id AND j.version = r.version;

-- The CHECKs over dropped columns go with them.
ALTER TABLE receipts
    ALTER COLUMN shape SET NOT NULL,
    ALTER COLUMN doc   SET NOT NULL,
    ALTER COLUMN hash  SET NOT NULL,
    DROP COLUMN time,
    DROP COLUMN desk_area,
    DROP COLUMN receiver,
    DROP COLUMN caller,
    DROP COLUMN place,
    DROP COLUMN narrative,
    DROP COLUMN ring_time,
    DROP COLUMN answer_time,
    DROP COLUMN hang_up_time,
    DROP COLUMN recording,
    DROP COLUMN reference,
    DROP COLUMN suggestions,
    DROP COLUMN confirmed_category,
    DROP COLUMN incident_code,
    DROP COLUMN incident,
    DROP COLUMN title,
    DROP COLUMN to_unit,
    DROP COLUMN reply,
    DROP COLUMN photos,
    DROP COLUMN invalid_reason,
    DROP COLUMN end_time,
    DROP COLUMN ended_by,
    DROP COLUMN dispatches,
    DROP COLUMN call_backs,
    ADD CHECK ((incident_id IS NULL) = (incident_version IS NULL));

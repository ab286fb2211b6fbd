-- A row is a document (`doc`, in the form that `shape` numbers) and the columns that queries and
-- CHECKs need; the service projects them from the document. Shape 1 is the row as it was until now.
ALTER TABLE disputes ADD COLUMN doc json;
UPDATE disputes AS d SET doc = (to_jsonb(d) - 'doc')::json;

ALTER TABLE disputes
    ADD COLUMN shape    integer,
    ADD COLUMN hash     bytea,
    ADD COLUMN kind     text CHECK (kind IN (
                            'MEDICAL', 'LABOUR', 'ENVIRONMENT', 'LAND', 'TRAFFIC', 'PROPERTY',
                            'FAMILY', 'CONSUMER', 'CONTRACT', 'NEIGHBOURS', 'CAMPUS_INJURY',
                            'OTHER')),
    ADD COLUMN source   text,
    ADD COLUMN level    integer CHECK (level BETWEEN 1 AND 3),
    ADD COLUMN violence boolean,
    -- Violence itself is never mediated.
    ADD CHECK (NOT violence OR state IN ('REGISTERED', 'REFUSED'));
UPDATE disputes AS d SET
    shape = 1,
    hash = (SELECT j.hash FROM journal AS j
            WHERE j.aggregate_id = d.id AND j.version = d.version),
    kind = filing ->> 'kind',
    source = filing ->> 'source',
    level = (filing ->> 'level')::integer,
    violence = (filing ->> 'violence')::boolean;

ALTER TABLE disputes
    ALTER COLUMN doc SET NOT NULL,
    ALTER COLUMN shape SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL,
    ALTER COLUMN kind SET NOT NULL,
    ALTER COLUMN source SET NOT NULL,
    ALTER COLUMN level SET NOT NULL,
    ALTER COLUMN violence SET NOT NULL,
    DROP COLUMN time,
    DROP COLUMN filing,
    DROP COLUMN mediation,
    DROP COLUMN accept_time,
    DROP COLUMN to_unit,
    DROP COLUMN incident,
    DROP COLUMN sessions,
    DROP COLUMN agreement,
    DROP COLUMN reason,
    DROP COLUMN told_where,
    DROP COLUMN end_time,
    DROP COLUMN close_time;

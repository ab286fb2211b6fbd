-- The record becomes a document; the columns that queries, timers and CHECKs need stay beside it.
-- Shape 1 is the flat row of 0.1.0, which the service reads and writes back in its present shape.
ALTER TABLE incidents ADD COLUMN shape integer, ADD COLUMN doc json, ADD COLUMN hash bytea,
    ADD COLUMN held_by uuid, ADD COLUMN due_clock text;
UPDATE incidents AS i SET
    shape = 1,
    doc = to_json(i),
    held_by = CASE WHEN state IN ('CLAIMED', 'HANDLING') THEN md5(unit || '/' || holder)::uuid END,
    hash = (SELECT hash FROM journal WHERE aggregate_id = i.id ORDER BY version DESC LIMIT 1),
    due_clock = coalesce((
        SELECT due ->> 'clock' || '@' || to_char((due ->> 'start_time')::timestamptz AT TIME ZONE 'UTC',
                                                 'YYYYMMDD"T"HH24MISS.US')
        FROM jsonb_array_elements(i.due) AS clock (due)  -- a bare alias would mean the column
        WHERE (due ->> 'due_time')::timestamptz = i.due_time AND due ->> 'lapse_time' IS NULL
        LIMIT 1), '');
ALTER TABLE incidents
    ALTER COLUMN shape SET NOT NULL, ALTER COLUMN doc SET NOT NULL, ALTER COLUMN hash SET NOT NULL,
    ALTER COLUMN due_clock SET NOT NULL, ALTER COLUMN against DROP DEFAULT,
    DROP COLUMN time, DROP COLUMN title, DROP COLUMN narrative, DROP COLUMN place, DROP COLUMN desk,
    DROP COLUMN unit_time, DROP COLUMN sender, DROP COLUMN handlers, DROP COLUMN due,
    DROP COLUMN hand_off, DROP COLUMN pending_return, DROP COLUMN routing, DROP COLUMN assigned_by,
    DROP COLUMN instruction, DROP COLUMN bounces, DROP COLUMN releases, DROP COLUMN reworks,
    DROP COLUMN outcome, DROP COLUMN reply, DROP COLUMN solved, DROP COLUMN verifier,
    DROP COLUMN void_reason, DROP COLUMN raised_to;
-- Everything that one person holds, for the cap.
DROP INDEX incidents_held;
CREATE INDEX incidents_held ON incidents (held_by) WHERE held_by IS NOT NULL;
-- Outcomes of the flow had an unkeyed hash of the body; it cannot be compared with a keyed one.
UPDATE outcomes SET body_hash = '';

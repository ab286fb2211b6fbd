-- What is resolved waits for its call-back, then to be filed or sent back, as
-- services/workflow/incident/waiting.py says; `+ <reason>` is for who makes the call-backs of an area.
WITH found AS (
    SELECT id, CASE WHEN coalesce(doc -> 'ending' ->> 'solved', '') = '' THEN 'CALL_BACK'
                    WHEN doc -> 'ending' ->> 'solved' = 'NO'
                     AND coalesce((doc -> 'counts' ->> 'reworks')::integer, 0) < 2 THEN 'REWORK'
                    ELSE 'FILING' END AS reason
    FROM incidents WHERE state = 'RESOLVED'
)
UPDATE incidents AS i
SET reasons = array_append(array_replace(i.reasons, i.desk || ' CALL_BACK', i.desk || ' ' || reason),
                           '+ ' || reason)
FROM found WHERE found.id = i.id;

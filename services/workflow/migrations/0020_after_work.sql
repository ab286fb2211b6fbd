-- What is resolved waits for its call-back, then to be filed or sent back, as
-- services/workflow/incident/waiting.py says; `+ <reason>` is for who makes the call-backs of an area.
WITH
called AS (  -- the documents of 0.1.0 are flat
    SELECT id, coalesce(doc -> 'ending' ->> 'solved', doc ->> 'solved', '') AS solved,
           coalesce(doc -> 'counts' ->> 'reworks', doc ->> 'reworks', '0')::integer AS reworks
    FROM incidents WHERE state = 'RESOLVED'
),
found AS (
    SELECT id, CASE WHEN solved = '' THEN 'CALL_BACK'
                    WHEN solved = 'NO' AND reworks < 2 THEN 'REWORK'
                    ELSE 'FILING' END AS reason
    FROM called
)
UPDATE incidents AS i
SET reasons = array_append(array_replace(i.reasons, i.desk || ' CALL_BACK', i.desk || ' ' || reason),
                           '+ ' || reason)
FROM found WHERE found.id = i.id;

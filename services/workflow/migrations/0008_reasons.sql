-- Why an incident stands in an inbox: `<unit> <reason>`, and `* <reason>` for the dispatchers and
-- leaders of its area, as services/workflow/incident/waiting.py says. No handling clock runs yet.
ALTER TABLE incidents
    ADD COLUMN desk text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN reasons text[] NOT NULL DEFAULT '{}',
    ADD COLUMN alerted boolean NOT NULL DEFAULT false;
UPDATE incidents SET desk = coalesce(doc -> 'matter' ->> 'desk', doc ->> 'desk', '');
WITH
given AS (
    SELECT id, state, unit, accountable_unit, desk,
           coalesce(doc -> 'charge' ->> 'raised_to', doc ->> 'raised_to', '') AS raised_to,
           EXISTS (
               SELECT FROM json_array_elements(coalesce(doc -> 'clocks', doc -> 'due')) AS clock
               WHERE coalesce(clock ->> 'kind', clock ->> 'clock') = 'SIGN_IN'
                 AND clock ->> 'lapse_time' IS NOT NULL
           ) AS late
    FROM incidents WHERE rank < 0
),
asked AS (
    SELECT i.id, each.place, each.question ->> 'kind' AS kind, each.question ->> 'to_unit' AS unit,
           coalesce(each.question ->> 'raised_to', '') AS raised_to
    FROM incidents AS i, json_array_elements(doc -> 'questions')
         WITH ORDINALITY AS each (question, place)
    WHERE i.rank < 0 AND i.state <> 'RESOLVED'
    UNION ALL  -- the documents of 0.1.0
    SELECT i.id, old.place, old.kind, old.question ->> 'to_unit',
           coalesce(old.question ->> 'raised_to', '')
    FROM incidents AS i, LATERAL (
        VALUES (1, 'HAND_OFF', doc -> 'hand_off'), (2, 'RETURN', doc -> 'pending_return')
    ) AS old (place, kind, question)
    WHERE i.rank < 0 AND i.state <> 'RESOLVED' AND json_typeof(old.question) = 'object'
),
waits (id, place, unit, reason, alerts, overdue) AS (
    SELECT id, 1, CASE state WHEN 'RESOLVED' THEN desk WHEN 'OFFERED' THEN unit
                             WHEN 'CLAIMED' THEN unit WHEN 'HANDLING' THEN unit
                             ELSE accountable_unit END,
           CASE state WHEN 'RESOLVED' THEN 'CALL_BACK' WHEN 'OFFERED' THEN 'POOL'
                      WHEN 'CLAIMED' THEN 'HELD' WHEN 'HANDLING' THEN 'HELD' ELSE 'TRIAGE' END,
           state NOT IN ('RESOLVED', 'OFFERED', 'CLAIMED', 'HANDLING'),
           state = 'OFFERED' AND late
    FROM given
    UNION ALL
    SELECT id, 2, raised_to, 'DESIGNATION', true, false FROM given WHERE state <> 'RESOLVED'
    UNION ALL
    SELECT id, 3 + 2 * place, unit, kind, false, raised_to <> '' FROM asked
    UNION ALL
    SELECT id, 4 + 2 * place, raised_to, kind || '_RAISED', true, true FROM asked
    UNION ALL
    SELECT id, 1000, desk, 'SIGN_IN_LAPSED', true, true FROM given
    WHERE late AND state <> 'RESOLVED'
),
keys AS (
    SELECT w.id, k.key, min(w.place * 10 + k.place) AS place
    FROM waits AS w, LATERAL (
        VALUES (1, w.unit || ' ' || w.reason, true), (2, w.unit || ' OVERDUE', w.overdue),
               (3, '* ' || w.reason, w.alerts), (4, '* OVERDUE', w.alerts AND w.overdue)
    ) AS k (place, key, holds)
    WHERE w.unit <> '' AND k.holds
    GROUP BY w.id, k.key
)
UPDATE incidents AS i SET reasons = found.reasons, alerted = found.alerted
FROM (
    SELECT id, array_agg(key ORDER BY place) AS reasons, bool_or(starts_with(key, '* ')) AS alerted
    FROM keys GROUP BY id
) AS found
WHERE i.id = found.id;
CREATE INDEX incidents_by_alert ON incidents (alerted, rank, id)
    INCLUDE (category, priority, area, against, source) WHERE alerted;

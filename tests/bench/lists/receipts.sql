INSERT INTO alarm.receipts (
    id, version, shape, hash, doc, code, kind, unit, area, passed_to, receive_time, rank, category,
    priority, state, outcome, incident_id, incident_version, number_index, cell)
SELECT
    id, 3, 2, '\x00', format($2::text, id, code, stamp, state)::json, code,
    drawn.weighted(d[5], '{CALL,TICKET_12345,WALK_IN,GRID_REPORT,DEVICE}',
                   '{0.7,0.85,0.9,0.96,0.997}', 'TEXT_MESSAGE'),
    desk, area, CASE WHEN outcome = 'PASSED' THEN unit ELSE '' END, time,
    CASE WHEN open THEN 0 ELSE 1::bigint << 62 END - moment, category, priority, state, outcome,
    CASE WHEN outcome = 'OPENED' THEN id WHEN outcome = 'LINKED' THEN gen_random_uuid() END,
    CASE WHEN outcome IN ('OPENED', 'LINKED') THEN 5 END, md5(floor(d[10] * 1e6)::text),
    floor(d[2] * 1e4)::bigint * 100000
FROM (
    SELECT *, CASE WHEN state <> 'RECEIVED' THEN
                  drawn.weighted(d[11], '{OPENED,LINKED,ANSWERED,PASSED}', '{0.6,0.75,0.9,0.95}',
                                 'INVALID') END AS outcome
    FROM (
        SELECT *, CASE WHEN NOT open THEN 'CLOSED' WHEN d[9] < 0.05 AND fresh THEN 'RECEIVED'
                       ELSE 'ENDED' END AS state
        FROM ({matters}) AS m
    ) AS m
) AS m

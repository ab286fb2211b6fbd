INSERT INTO emergency.missions (
    id, version, shape, hash, doc, state, matter_id, code, team, unit, ordered_unit, area, priority,
    dispatch_time, acknowledge_by, rank, due_time, end_time, pair, receipt)
SELECT
    id, 3, 2, '\x00', format($2::text, id, code, stamp, state)::json, state, gen_random_uuid(),
    code, home || '-team', home, desk, left(area, 9), priority, time, time,
    CASE WHEN open THEN 0 ELSE 1::bigint << 62 END - moment,
    CASE WHEN state IN ('PENDING', 'DELIVERED') THEN time END, CASE WHEN NOT open THEN time END,
    CASE WHEN open THEN gen_random_uuid() END, gen_random_uuid()
FROM (
    SELECT
        *, CASE WHEN d[8] < 0.7 THEN left(area, 9) || '-emergency'
                ELSE left(area, 6) || '-' || drawn.one_of(d[5], 'fire', 'police', 'medical')
           END AS home,
        CASE WHEN open THEN drawn.weighted(d[9], '{PENDING,DELIVERED,ACKNOWLEDGED,EN_ROUTE}',
                                           '{0.1,0.2,0.4,0.7}', 'ON_SCENE')
             ELSE 'CLEARED' END AS state
    FROM ({matters}) AS m
) AS m

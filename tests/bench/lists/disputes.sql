INSERT INTO dispute.disputes (
    id, version, shape, hash, doc, code, state, register_time, rank, desk, area, units, kind,
    source, level, violence)
SELECT
    id, 3, 2, '\x00', format($2::text, id, code, stamp, state)::json, code, state, time,
    CASE WHEN open THEN 0 ELSE 1::bigint << 62 END - moment, body, area,
    CASE WHEN unit = body THEN ARRAY[body] ELSE ARRAY[body, unit] END,
    (ARRAY['NEIGHBOURS', 'FAMILY', 'LABOUR', 'PROPERTY', 'CONSUMER', 'TRAFFIC', 'CONTRACT',
           'MEDICAL', 'LAND', 'ENVIRONMENT', 'CAMPUS_INJURY', 'OTHER'])[drawn.zipf(d[5], 12)],
    drawn.weighted(d[11], '{WALK_IN,GRID,COURT}', '{0.5,0.7,0.8}', 'ALARM'),
    1 + floor(d[10] * 3)::integer, false
FROM (
    SELECT
        *, CASE WHEN d[8] < 0.7 THEN left(area, 9) || '-mediation'
                ELSE left(area, 6) || '-mediation' END AS body,
        CASE WHEN open THEN drawn.weighted(d[9], '{REGISTERED,ACCEPTED,ROUTED,MEDIATING,AGREED}',
                                           '{0.1,0.25,0.4,0.8,0.95}', 'FAILED')
             ELSE drawn.weighted(d[9], '{REFUSED}', '{0.1}', 'CLOSED') END AS state
    FROM ({matters}) AS m
) AS m

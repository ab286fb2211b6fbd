INSERT INTO petition.petitions (
    id, version, shape, hash, doc, code, state, register_time, rank, desk, channel, kind, category,
    accused, audience, watched_area, petitioner_indexes)
SELECT
    id, 3, 2, '\x00', format($2::text, id, code, stamp, state)::json, code, state, time,
    CASE WHEN open THEN 0 ELSE 1::bigint << 62 END - moment, office,
    drawn.weighted(d[5], '{LETTER,VISIT,ONLINE,HOTLINE,PROXY,RECEPTION,GREEN_POST}',
                   '{0.2,0.4,0.8,0.9,0.94,0.97,0.99}', 'VIDEO'),
    CASE WHEN state <> 'REGISTERED' THEN
        drawn.weighted(d[11], '{CLAIM,ADVICE}', '{0.7,0.95}', 'ACCUSATION') END,
    category, accused, CASE WHEN unit IN (office, accused) THEN ARRAY[office]
                            ELSE ARRAY[office, unit] END,
    CASE WHEN accused = '' THEN area ELSE '' END, ARRAY[md5(floor(d[10] * 1e6)::text)]
FROM (
    SELECT
        *, CASE WHEN d[11] > 0.95 THEN '*' ELSE '' END AS accused,
        CASE WHEN d[8] < 0.3 THEN '990100-petition_office'
             WHEN d[8] < 0.7 THEN left(area, 6) || '-petition_office'
             ELSE left(area, 9) || '-township' END AS office,
        CASE WHEN open THEN drawn.weighted(d[9], '{REGISTERED,ACCEPTED,ASSIGNED,HANDLING}',
                                           '{0.05,0.15,0.3,0.8}', 'REPLIED')
             ELSE drawn.weighted(d[9], '{DECLINED,REFERRED}', '{0.1,0.2}', 'CLOSED') END AS state
    FROM ({matters}) AS m
) AS m

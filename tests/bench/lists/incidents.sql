-- $1 matters, the newest of today, spread over ten years; 8 % are open, most of them new.
INSERT INTO workflow.incidents (
    id, version, shape, hash, doc, code, state, source, category, priority, area, against,
    open_time, rank, accountable_unit, unit, holder, held_by, waits_for, readers, due_time,
    due_clock)
SELECT
    id, 5, 2, '\x00'::bytea,
    format('{"id":"%s","version":5,"time":"%s","state":"%s","matter":{"id":"%s","code":"%s",'
           '"source":"%s","title":"%s","narrative":"%s","category":"%s","priority":"%s","place":'
           '{"text":"长风路12号","point":null,"area":"%s"},"desk":"%s","to_unit":"","against":"%s"},'
           '"open_time":"%s","charge":{"accountable_unit":"%s","unit":"%s","unit_time":"%s",'
           '"sender":"%s","holder":"%s","handlers":["%s"],"assigned_by":"","instruction":"",'
           '"raised_to":""},"routing":{"rule":"competent","unit":"%s","policy_version":7,'
           '"guesses":[]},"clocks":[],"questions":[],"ending":{"outcome":"SOLVED","reply":'
           '"已经处理完毕。","solved":"","verifier":"","void_reason":""},"counts":{"bounces":0,'
           '"releases":0,"reworks":0},"involved":["%s","%s"]}',
           id, stamp, state, id, code, source, '警情 · 长风路12号', $2::text, category, priority, area,
           desk, against, stamp, unit, unit, stamp, desk, holder, holder, unit, desk, unit)::json,
    code, state, source, category, priority, area, against, open_time,
    CASE WHEN state IN ('CLOSED', 'MERGED', 'VOIDED')
        THEN (1::bigint << 62) - (extract(epoch FROM open_time) * 1000000)::bigint
        ELSE -(1::bigint << 62) + (extract(epoch FROM open_time) * 1000000)::bigint
             + (right(priority, 1)::bigint - 1) * (1::bigint << 56) END,
    unit, unit, holder, CASE WHEN state IN ('CLAIMED', 'HANDLING') THEN gen_random_uuid() END,
    CASE WHEN state IN ('CLOSED', 'MERGED', 'VOIDED') THEN '{}'
         WHEN state IN ('TRIAGE', 'RESOLVED') THEN ARRAY[desk] ELSE ARRAY[unit] END,
    CASE WHEN desk = unit THEN ARRAY[desk]
         WHEN above NOT IN ('', desk, unit) THEN ARRAY[desk, unit, above] ELSE ARRAY[desk, unit] END,
    NULL, ''
FROM (
    SELECT *, CASE WHEN state = 'TRIAGE' THEN desk ELSE handling END AS unit,
           CASE WHEN state IN ('TRIAGE', 'OFFERED') THEN '' ELSE
               'clerk' || floor(dice5 * 8)::integer || '.' || handling END AS holder,
           CASE WHEN dice6 < 0.15 THEN left(area, 6) || '-' || kind ELSE '' END AS above,
           CASE WHEN dice6 > 0.99 THEN left(area, 6) || '-government' ELSE '' END AS against,
           drawn.stamp(open_time) AS stamp,
           format('990101%s-%s-0', to_char(open_time, 'YYMMDD'), lpad(number::text, 9, '0')) AS code
    FROM (
        SELECT *, CASE WHEN dice2 < 0.12 THEN left(area, 12) || '-village'
                       WHEN dice2 < 0.85 THEN left(area, 9) || '-' || kind
                       ELSE left(area, 6) || '-' || kind END AS handling,
               CASE WHEN dice3 < 0.7 THEN '990100-command' WHEN dice3 < 0.85 THEN '990100-hotline'
                    WHEN dice3 < 0.95 THEN left(area, 9) || '-township'
                    ELSE left(area, 6) || '-petition_office' END AS desk,
               CASE WHEN dice3 < 0.7 THEN 'ALARM' WHEN dice3 < 0.9 THEN 'PETITION'
                    WHEN dice3 < 0.97 THEN 'DISPUTE' ELSE 'POPULATION' END AS source,
               CASE WHEN NOT open THEN
                   CASE WHEN dice4 < 0.95 THEN 'CLOSED' WHEN dice4 < 0.98 THEN 'MERGED'
                        ELSE 'VOIDED' END
                   WHEN dice4 < 0.02 AND fresh THEN 'TRIAGE' WHEN dice4 < 0.2 THEN 'OFFERED'
                   WHEN dice4 < 0.35 THEN 'CLAIMED' WHEN dice4 < 0.78 THEN 'HANDLING'
                   WHEN dice4 < 0.8 THEN 'SUSPENDED' ELSE 'RESOLVED' END AS state
        FROM (
            SELECT number, gen_random_uuid() AS id,
                   now() - interval '3650 days' * (1 - number / $1::float8) AS open_time,
                   number > $1 * 0.94 AS fresh,
                   CASE WHEN number > $1 * 0.94 THEN d[1] < 0.9 ELSE d[1] < 0.028 END AS open,
                   ($3::text[])[drawn.skewed(d[2], $4::integer, 1.6)] AS area,
                   ($5::text[])[drawn.zipf(d[3], $6::integer)] AS category,
                   CASE WHEN d[4] < 0.8 THEN ($7::text[])[drawn.zipf(d[3], $6::integer)]
                        ELSE drawn.one_of(d[5], 'P1', 'P2', 'P3', 'P4') END AS priority,
                   drawn.one_of(pow(d[6], 1.5), 'police', 'urban_management', 'market', 'emergency',
                                'justice', 'health', 'mediation') AS kind,
                   d[7] AS dice2, d[8] AS dice3, d[9] AS dice4, d[10] AS dice5, d[11] AS dice6
            FROM generate_series(1, $1::bigint) AS number
            CROSS JOIN LATERAL (SELECT ARRAY[random(), random(), random(), random(), random(),
                random(), random(), random(), random(), random(), random() + 0 * number] AS d) AS r
        ) AS drawn
    ) AS placed
) AS row

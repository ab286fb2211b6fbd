-- $1 matters of ten years, the newest of today: 8 % are open, most of these new. Places, classes and
-- units are drawn with the skew of a city: some grids have most of the matters, classes follow Zipf.
-- $3 are the grids, $4 the categories and $5 their usual priorities.
SELECT
    number, gen_random_uuid() AS id, time, drawn.stamp(time) AS stamp,
    format('990101%s-%s-0', to_char(time, 'YYMMDD'), lpad(number::text, 9, '0')) AS code,
    open, fresh, area, category, priority, kind, d,
    (extract(epoch FROM time) * 1000000)::bigint AS moment,
    CASE WHEN d[7] < 0.12 THEN left(area, 12) || '-village'
         WHEN d[7] < 0.85 THEN left(area, 9) || '-' || kind
         ELSE left(area, 6) || '-' || kind END AS unit,
    CASE WHEN d[8] < 0.7 THEN '990100-command' WHEN d[8] < 0.85 THEN '990100-hotline'
         WHEN d[8] < 0.95 THEN left(area, 9) || '-township'
         ELSE left(area, 6) || '-petition_office' END AS desk
FROM (
    SELECT
        number, d,
        now() - interval '3650 days' * (1 - number / $1::float8) AS time,
        number > $1 * 0.94 AS fresh,
        d[1] < CASE WHEN number > $1 * 0.94 THEN 0.9 ELSE 0.028 END AS open,
        ($3::text[])[drawn.skewed(d[2], cardinality($3::text[]), 1.6)] AS area,
        ($4::text[])[drawn.zipf(d[3], cardinality($4::text[]))] AS category,
        CASE WHEN d[4] < 0.8 THEN ($5::text[])[drawn.zipf(d[3], cardinality($4::text[]))]
             ELSE drawn.one_of(d[5], 'P1', 'P2', 'P3', 'P4') END AS priority,
        drawn.one_of(pow(d[6], 1.5), 'police', 'urban_management', 'market', 'emergency',
                     'justice', 'health', 'mediation') AS kind
    FROM generate_series(1, $1::bigint) AS number
    CROSS JOIN LATERAL (SELECT ARRAY[random(), random(), random(), random(), random(), random(),
        random(), random(), random(), random(), random() + 0 * number] AS d) AS dice
) AS m

INSERT INTO workflow.incidents (
    id, version, shape, hash, doc, code, state, source, category, priority, area, against,
    open_time, rank, accountable_unit, unit, holder, held_by, waiting, waiting_too, readers, due_time,
    due_clock, desk, reasons, alerted)
SELECT
    id, 5, 2, '\x00', format($2::text, id, code, stamp, state)::json, code, state, 'ALARM',
    category, priority, area, against, time,
    CASE WHEN open THEN -(1::bigint << 62) + moment
                        + (right(priority, 1)::bigint - 1) * (1::bigint << 56)
         ELSE (1::bigint << 62) - moment END,
    unit, unit, holder, CASE WHEN state IN ('CLAIMED', 'HANDLING') THEN gen_random_uuid() END,
    CASE WHEN NOT open THEN '' WHEN state IN ('TRIAGE', 'RESOLVED') THEN desk ELSE unit END,
    CASE WHEN open AND d[11] < 0.05 AND desk <> unit AND state = 'OFFERED' THEN ARRAY[desk]
         ELSE '{}' END,
    CASE WHEN desk = unit THEN ARRAY[desk]
         WHEN d[11] < 0.15 AND above NOT IN (desk, unit) THEN ARRAY[desk, unit, above]
         ELSE ARRAY[desk, unit] END,
    NULL, '', desk,
    CASE WHEN NOT open THEN '{}'
         WHEN state = 'TRIAGE' THEN ARRAY[desk || ' TRIAGE', '* TRIAGE']
         WHEN state = 'RESOLVED' THEN ARRAY[desk || ' CALL_BACK']
         WHEN state = 'OFFERED' THEN ARRAY[unit || ' POOL'] ELSE ARRAY[unit || ' HELD'] END,
    open AND state = 'TRIAGE'
FROM (
    SELECT
        *, left(area, 6) || '-' || kind AS above,
        CASE WHEN d[11] > 0.99 THEN left(area, 6) || '-government' ELSE '' END AS against,
        CASE WHEN state IN ('TRIAGE', 'OFFERED') THEN ''
             ELSE 'clerk' || floor(d[10] * 8)::integer || '.' || unit END AS holder
    FROM (
        SELECT *, CASE WHEN NOT open THEN drawn.weighted(d[9], '{CLOSED,MERGED}', '{0.95,0.98}',
                                                         'VOIDED')
                       WHEN d[9] < 0.02 AND fresh THEN 'TRIAGE'
                       ELSE drawn.weighted(d[9], '{OFFERED,CLAIMED,HANDLING,SUSPENDED}',
                                           '{0.2,0.35,0.78,0.8}', 'RESOLVED') END AS state
        FROM ({matters}) AS m
    ) AS m
) AS m

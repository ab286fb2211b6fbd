INSERT INTO population.care_cases (
    id, version, shape, hash, doc, code, state, sender, sent_by, unit, programme, legal_basis,
    register_time, rank, due_time, overdue, followed_up, care_workers, service_ids)
SELECT
    id, 3, 2, '\x00', format($2::text, id, code, stamp, state)::json, code, state,
    left(area, 6) || '-court', 'clerk.' || left(area, 6) || '-court', left(area, 12) || '-village',
    drawn.one_of(d[5], 'COMMUNITY_CORRECTION', 'POST_RELEASE_SUPPORT', 'MENTAL_DISORDER_CARE',
                 'MINOR_PROTECTION'),
    '决定书', time, CASE WHEN open THEN 0 ELSE 1::bigint << 62 END - moment,
    NULL, open AND d[11] < 0.1, false,
    ARRAY['grid_member' || floor(d[10] * 5)::integer || '.' || left(area, 12) || '-village'], '{}'
FROM (
    SELECT *, CASE WHEN open THEN 'ACTIVE' ELSE drawn.weighted(d[9], '{ENDED}', '{0.5}', 'SEALED')
              END AS state
    FROM ({matters}) AS m
) AS m

-- A supervision bars its own unit, too, from an accusation that this one may not read: those of
-- incidents that accuse a unit hear of it once more.
INSERT INTO untold_supervisions
SELECT DISTINCT s.id, i.id FROM supervisions AS s
CROSS JOIN unnest(s.addressed) AS a (one)
JOIN incidents AS i ON i.id = split_part(a.one, '/', 1)::uuid
WHERE i.against <> ''
ON CONFLICT DO NOTHING;

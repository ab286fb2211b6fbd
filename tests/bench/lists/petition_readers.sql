INSERT INTO petition.petition_readers
SELECT reader, rank, id, state, channel, kind, category, desk, watched_area
FROM petition.petitions CROSS JOIN unnest(audience) AS reader

-- Supervisions that were opened before one of their incidents was told where it comes from (OriginTold):
-- each is told once, and its row taken away (untold.py). Those of before stand here from the start.
CREATE TABLE untold_supervisions (
    supervision uuid NOT NULL REFERENCES supervisions,
    incident    uuid NOT NULL,
    PRIMARY KEY (supervision, incident)
);
INSERT INTO untold_supervisions
SELECT DISTINCT s.id, i.id FROM supervisions AS s
CROSS JOIN unnest(s.addressed) AS a (one)
JOIN incidents AS i ON i.id = split_part(a.one, '/', 1)::uuid
WHERE i.doc #>> '{matter,origin}' <> '';

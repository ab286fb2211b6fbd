-- Disputes of before matters inherited who may know of them: those that come from petitions, by their
-- source or by the code of the record that they came from. The service (origins) puts the column right,
-- tells each incident where it came from, and takes the row away.
CREATE TABLE untold_origins (id uuid PRIMARY KEY);
INSERT INTO untold_origins
SELECT id FROM disputes
WHERE source = 'PETITION'
   OR doc #>> '{filing,origin,code}' <> '';

-- The code over the columns of a refused link, which only its service can make.
ALTER TABLE refused_links ADD COLUMN proof bytea;

-- Until when rows beside documents may be without a code: those of before get theirs by then. A schema
-- that has never been used has none.
CREATE TABLE uncoded (until timestamptz NOT NULL);
INSERT INTO uncoded (until)
SELECT clock_timestamp() + CASE
    WHEN EXISTS (SELECT FROM journal) OR EXISTS (SELECT FROM refused_links) THEN interval '1 day'
    ELSE interval '0' END;

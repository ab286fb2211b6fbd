"""Which migrations may run beside a living city, by table."""

import pytest

from backbone.postgres.expanding import flaws_of

GOOD = [
    "ALTER TABLE incidents ADD COLUMN colour text;",
    "ALTER TABLE incidents ADD COLUMN colour text NOT NULL DEFAULT '';",
    "ALTER TABLE incidents ADD colour text, ADD shade text NOT NULL DEFAULT '', ADD tone text;",
    "CREATE TABLE fresh (id uuid PRIMARY KEY, n int NOT NULL); CREATE INDEX f ON fresh (n);",
    "CREATE TABLE fresh (id int); UPDATE fresh SET id = 1; ALTER TABLE fresh ADD n int NOT NULL;",
    "-- outside a transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON incidents (colour);",
    "ALTER TABLE incidents ADD CONSTRAINT c CHECK (n > 0) NOT VALID;",
    "ALTER TABLE incidents VALIDATE CONSTRAINT c;",
    "ALTER TABLE incidents ADD CONSTRAINT u UNIQUE USING INDEX i;",
    "-- contract\nALTER TABLE incidents DROP COLUMN colour;",
    "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE x SET n = 1; END $$;",
    "DELETE FROM replica_bookmark;",
    "-- UPDATE incidents SET n = 1;\nALTER TABLE incidents DROP CONSTRAINT c;",
]
BAD = {
    "ALTER TABLE incidents ADD COLUMN colour text NOT NULL;": "DEFAULT",
    "ALTER TABLE incidents ADD shade text, ADD colour text NOT NULL;": "DEFAULT",
    "ALTER TABLE incidents DROP COLUMN colour;": "takes away",
    "DROP TABLE incidents;": "takes away",
    "ALTER TABLE incidents RENAME COLUMN a TO b;": "renames",
    "ALTER TABLE incidents ALTER COLUMN a SET NOT NULL;": "refuses rows",
    "ALTER TABLE incidents ALTER COLUMN a TYPE bigint;": "anew under lock",
    "alter table incidents alter column a set data type bigint;": "anew under lock",
    "ALTER TABLE incidents ADD CONSTRAINT c CHECK (n > 0);": "NOT VALID",
    "ALTER TABLE incidents ADD CHECK (n > 0);": "NOT VALID",
    "ALTER TABLE incidents ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b;": "NOT VALID",
    "ALTER TABLE incidents ADD CONSTRAINT u UNIQUE (a);": "CONCURRENTLY",
    "CREATE INDEX i ON incidents (colour);": "CONCURRENTLY",
    "CREATE UNIQUE INDEX i\n    ON incidents (colour);": "CONCURRENTLY",
    "UPDATE incidents SET n = 1;": "batches",
    "DELETE FROM incidents;": "batches",
    "DROP TABLE replica_bookmark;": "takes away",
    "CREATE TABLE fresh (id int); UPDATE incidents SET n = 1;": "batches",
    "-- contract\nALTER TABLE incidents ALTER COLUMN a TYPE bigint;": "anew under lock",
}


@pytest.mark.parametrize("text", GOOD)
def test_what_a_living_city_bears(text: str) -> None:
    assert flaws_of(text) == []


@pytest.mark.parametrize("text", BAD)
def test_what_would_block_or_break_is_refused_with_the_remedy(text: str) -> None:
    assert any(BAD[text] in flaw for flaw in flaws_of(text)), flaws_of(text)

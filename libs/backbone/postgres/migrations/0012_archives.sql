-- Months of the journal that stand in files (`liandong archive`). Only their writer inserts here.
-- `position` and `digest` are those of the last anchor in the month: the rows up to it are proven by
-- the files. `manifest` is the hash of the file's manifest.
CREATE TABLE archives (
    month    bigint PRIMARY KEY,
    place    text NOT NULL,
    rows     bigint NOT NULL,
    position bigint NOT NULL,
    digest   bytea NOT NULL,
    manifest bytea NOT NULL,
    time     timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The last row of each record whose rows are no longer in the journal, and the month it stands in:
-- what is written to such a record later follows that hash.
CREATE TABLE archived (
    aggregate_id uuid PRIMARY KEY,
    version      bigint NOT NULL,
    hash         bytea NOT NULL,
    month        bigint NOT NULL
);
CREATE INDEX archived_by_month ON archived (month);

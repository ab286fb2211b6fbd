-- Attempts are counted by what was asked for, whether or not there is such a petition: that only some
-- codes are ever locked would tell which ones exist. Counts of a quarter of an hour need not be kept.
DROP TABLE trackings;
CREATE TABLE trackings (
    code     text PRIMARY KEY,
    until    timestamptz NOT NULL,
    attempts integer NOT NULL
);
CREATE INDEX trackings_by_until ON trackings (until);

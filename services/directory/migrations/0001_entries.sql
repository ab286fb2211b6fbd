-- What is in force, by key. `body` is a DirectoryEntry without its version; NULL: removed, which
-- has not been published yet.
CREATE TABLE entries (
    key         text PRIMARY KEY,
    version     bigint NOT NULL CHECK (version > 0),
    body        bytea,
    unpublished boolean NOT NULL
);
CREATE INDEX entries_unpublished ON entries (key) WHERE unpublished;

-- Every pack that was ever loaded, and from when on it is, or was, in force.
CREATE TABLE packs (
    version        bigint PRIMARY KEY CHECK (version > 0),
    checksum       text NOT NULL,
    archive        bytea NOT NULL,
    effective_time timestamptz NOT NULL,
    load_time      timestamptz NOT NULL DEFAULT clock_timestamp(),
    loader         text NOT NULL,
    in_force_time  timestamptz
);
CREATE INDEX packs_pending ON packs (effective_time) WHERE in_force_time IS NULL;

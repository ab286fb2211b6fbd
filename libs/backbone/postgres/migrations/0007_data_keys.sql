-- The keys that seal the data of this schema, each wrapped under a master key of its owner: the
-- service, or `texts`, whose keys all services that keep texts have alike. Keys of years derive from
-- a root. A key of a record (`about`) seals what is of that record alone: without the row it is gone.
CREATE TABLE data_keys (
    id         text PRIMARY KEY,
    owner      text NOT NULL,
    wrapped_by text NOT NULL,
    wrapped    bytea NOT NULL,
    about      uuid UNIQUE,
    time       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX data_keys_wrapped_by ON data_keys (wrapped_by, id);
CREATE INDEX data_keys_shared ON data_keys (time, id) WHERE about IS NULL;

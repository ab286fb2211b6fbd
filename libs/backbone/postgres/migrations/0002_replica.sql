-- The service's own copy of the compacted topic liandong.directory.v1: what it knows of the city
-- while Kafka and the directory are away.
CREATE TABLE replica (
    key text PRIMARY KEY,
    version bigint NOT NULL,
    value bytea NOT NULL
);

-- The last record that was read, and its time: a topic made anew is recognised by it.
CREATE TABLE replica_bookmark (
    topic text PRIMARY KEY,
    log_offset bigint NOT NULL,
    log_time bigint NOT NULL
);

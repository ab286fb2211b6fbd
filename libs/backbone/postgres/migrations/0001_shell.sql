-- The door's own tables: the same in the schema of every service.

-- Append-only: the role may insert and read. `payload` is the exact value of the Kafka record.
CREATE TABLE journal (
    position       bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    event_id       uuid NOT NULL,
    aggregate_id   uuid NOT NULL,
    version        bigint NOT NULL CHECK (version > 0),
    kind           text NOT NULL,
    payload        bytea NOT NULL CHECK (octet_length(payload) < 900000),
    request_id     uuid NOT NULL,
    actor          text NOT NULL,
    unit           text NOT NULL,
    time           timestamptz NOT NULL,
    correlation_id text NOT NULL,
    causation_id   text NOT NULL,
    traceparent    text NOT NULL,
    hash           bytea NOT NULL,
    UNIQUE (aggregate_id, version)
);

-- A digest over all hashes up to a position, so that a cut tail shows too.
CREATE TABLE anchors (
    position bigint PRIMARY KEY,
    digest   bytea NOT NULL,
    time     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE outcomes (
    request_id   uuid PRIMARY KEY,
    body_hash    text NOT NULL,
    aggregate_id uuid NOT NULL,
    version      bigint NOT NULL,
    reason       text NOT NULL,
    answer       jsonb NOT NULL,
    time         timestamptz NOT NULL,
    call         text NOT NULL
);
CREATE INDEX outcomes_time ON outcomes (time);

CREATE TABLE unsent (position bigint PRIMARY KEY REFERENCES journal);

-- The last version of each source aggregate that a group has applied: repeats are known by it.
CREATE TABLE inbox (
    consumer     text NOT NULL,
    aggregate_id uuid NOT NULL,
    version      bigint NOT NULL,
    PRIMARY KEY (consumer, aggregate_id)
);

-- Events that could not be applied, and those of the same aggregate that queue behind them.
CREATE TABLE parked (
    consumer     text NOT NULL,
    aggregate_id uuid NOT NULL,
    version      bigint NOT NULL,
    topic        text NOT NULL,
    partition    integer NOT NULL,
    record       bigint NOT NULL,
    value        bytea NOT NULL,
    reason       text NOT NULL,
    time         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, aggregate_id, version)
);

-- Linkage commands that were refused: each is a task for a dispatcher until somebody settles it.
CREATE TABLE refused_links (
    consumer     text NOT NULL,
    event_id     uuid NOT NULL,
    aggregate_id uuid NOT NULL,
    reason       text NOT NULL,
    facts        jsonb NOT NULL,
    time         timestamptz NOT NULL DEFAULT clock_timestamp(),
    settle_time  timestamptz,
    PRIMARY KEY (consumer, event_id, aggregate_id)
);

-- The last number that was handed out on each day, in blocks: for the codes of matters.
CREATE TABLE numbers (day date PRIMARY KEY, last integer NOT NULL);

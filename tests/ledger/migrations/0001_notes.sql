-- The aggregates of the tests' own service.
CREATE TABLE notes (
    id       uuid PRIMARY KEY,
    version  bigint NOT NULL,
    shape    integer NOT NULL,
    doc      json NOT NULL,
    hash     bytea NOT NULL,
    proof    bytea,
    text     text NOT NULL CHECK (text <> 'forbidden by the database'),
    hands    uuid,
    due_time timestamptz
);
CREATE INDEX notes_due ON notes (due_time) WHERE due_time IS NOT NULL;
CREATE INDEX notes_held ON notes (hands) WHERE hands IS NOT NULL;

CREATE TABLE shelves (
    id      uuid PRIMARY KEY,
    version bigint NOT NULL,
    shape   integer NOT NULL,
    doc     json NOT NULL,
    hash    bytea NOT NULL,
    proof   bytea
);

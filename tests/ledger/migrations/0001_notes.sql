-- The one aggregate of the tests' own service.
CREATE TABLE notes (
    id       uuid PRIMARY KEY,
    version  bigint NOT NULL,
    time     timestamptz NOT NULL,
    text     text NOT NULL CHECK (text <> 'forbidden by the database'),
    holder   text NOT NULL,
    due_time timestamptz
);
CREATE INDEX notes_due ON notes (due_time) WHERE due_time IS NOT NULL;

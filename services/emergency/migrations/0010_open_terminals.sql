-- The open streams of terminals, of all processes of this service: each writes its own once a second.
-- They are of the moment: after a crash of the server the table may be empty.
CREATE UNLOGGED TABLE open_terminals (
    session   uuid PRIMARY KEY,
    process   uuid NOT NULL,
    team      text NOT NULL,
    device    text NOT NULL,
    open_time timestamptz NOT NULL,
    seen_time timestamptz NOT NULL
);

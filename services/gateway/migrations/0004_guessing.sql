-- Wrong passwords, by what was guessed: a name from an address, a name from anywhere, or an address.
-- Names and addresses are personal data: only their keyed hash is kept.
CREATE TABLE guesses (
    who         text PRIMARY KEY,
    wrong       integer NOT NULL,
    free_time   timestamptz NOT NULL,
    forget_time timestamptz NOT NULL
);
CREATE INDEX guesses_by_forget_time ON guesses (forget_time);

-- Where a person has signed in before: the keyed hash of name and address.
CREATE TABLE known_addresses (
    who         text PRIMARY KEY,
    forget_time timestamptz NOT NULL
);
CREATE INDEX known_addresses_by_forget_time ON known_addresses (forget_time);

-- No key is exempt from limits any more. Older gateways still read the column: it stays.
COMMENT ON COLUMN api_keys.exempt IS 'not read since 0003';

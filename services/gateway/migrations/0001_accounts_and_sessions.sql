-- People who sign in. The password is an argon2id hash; the area is that of the unit.
CREATE TABLE accounts (
    user_name     text PRIMARY KEY CHECK (user_name <> ''),
    display_name  text NOT NULL,
    role          text NOT NULL CHECK (role <> ''),
    unit          text NOT NULL,
    area          text NOT NULL,
    team          text NOT NULL DEFAULT '',
    password_hash text NOT NULL,
    disabled      boolean NOT NULL DEFAULT false,
    change_time   timestamptz NOT NULL DEFAULT now()
);

-- Systems of departments. Only the SHA-256 of a key is kept.
CREATE TABLE api_keys (
    key_hash    bytea PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    role        text NOT NULL CHECK (role <> ''),
    unit        text NOT NULL,
    area        text NOT NULL,
    team        text NOT NULL DEFAULT '',
    exempt      boolean NOT NULL DEFAULT false,
    disabled    boolean NOT NULL DEFAULT false,
    change_time timestamptz NOT NULL DEFAULT now()
);

-- Short-lived. Only the SHA-256 of a token is kept.
CREATE TABLE sessions (
    token_hash  bytea PRIMARY KEY,
    user_name   text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    create_time timestamptz NOT NULL DEFAULT now(),
    expire_time timestamptz NOT NULL
);
CREATE INDEX sessions_by_expire_time ON sessions (expire_time);

-- Who was shown which personal data, and what for. Nobody may change or remove a line.
CREATE TABLE reveals (
    position  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time      timestamptz NOT NULL DEFAULT now(),
    principal text NOT NULL,
    user_name text NOT NULL,
    unit      text NOT NULL,
    role      text NOT NULL,
    what      text NOT NULL,
    subject   text NOT NULL,
    purpose   text NOT NULL CHECK (purpose <> ''),
    trace     text NOT NULL
);
CREATE INDEX reveals_by_subject ON reveals (subject, time);

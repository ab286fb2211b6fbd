-- One row a petition, as its last event has left it; the journal tells how it came there.
-- `filing` holds what the desk wrote down; the petitioners in it are sealed.
CREATE TABLE petitions (
    id             uuid PRIMARY KEY,
    code           text NOT NULL UNIQUE,
    version        bigint NOT NULL CHECK (version > 0),
    time           timestamptz NOT NULL,
    state          text NOT NULL CHECK (state IN (
                       'REGISTERED', 'ACCEPTED', 'DECLINED', 'REFERRED', 'ASSIGNED', 'HANDLING',
                       'REPLIED', 'CLOSED')),
    desk           text NOT NULL CHECK (desk <> ''),
    area           text NOT NULL,
    register_time  timestamptz NOT NULL,
    filing         jsonb NOT NULL CHECK (filing ->> 'channel' IN (
                       'LETTER', 'VISIT', 'ONLINE', 'HOTLINE', 'VIDEO', 'PROXY', 'GREEN_POST',
                       'RECEPTION')),
    units          text[] NOT NULL,
    kind           text CHECK (kind IN ('ADVICE', 'ACCUSATION', 'CLAIM')),
    lawful_channel text CHECK (lawful_channel IN (
                       'LITIGATION', 'ARBITRATION', 'PARTY_APPEAL', 'ADMINISTRATIVE',
                       'ENFORCEMENT', 'PETITION')),
    accept_time    timestamptz,
    reason         text NOT NULL,
    told_where     text NOT NULL,
    to_unit        text NOT NULL,
    incident       jsonb,
    progress       jsonb NOT NULL,
    reply          text NOT NULL,
    reply_time     timestamptz,
    close_time     timestamptz,
    -- Only a claim goes by one of the six lawful channels, and every claim that was accepted does.
    CHECK ((kind IS NOT DISTINCT FROM 'CLAIM') = (lawful_channel IS NOT NULL)),
    CHECK (state NOT IN ('ASSIGNED', 'HANDLING') OR incident IS NOT NULL)
);
CREATE INDEX petitions_latest ON petitions (register_time DESC, id DESC);
CREATE INDEX petitions_area ON petitions (area text_pattern_ops);
CREATE INDEX petitions_units ON petitions USING gin (units);
CREATE INDEX petitions_petitioners ON petitions USING gin ((filing -> 'petitioner_indexes'));

-- Attempts to follow a petition from outside, counted until a moment: a PIN has six digits and must
-- not be guessed.
CREATE TABLE trackings (
    petition_id uuid PRIMARY KEY REFERENCES petitions,
    until       timestamptz NOT NULL,
    attempts    integer NOT NULL
);

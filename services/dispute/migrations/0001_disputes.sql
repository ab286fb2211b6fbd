-- One row a dispute, as its last event has left it; the journal tells how it came there.
-- `filing` holds what the desk wrote down; the parties in it are sealed.
CREATE TABLE disputes (
    id            uuid PRIMARY KEY,
    code          text NOT NULL UNIQUE,
    version       bigint NOT NULL CHECK (version > 0),
    time          timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN (
                      'REGISTERED', 'ACCEPTED', 'REFUSED', 'ROUTED', 'MEDIATING', 'AGREED',
                      'FAILED', 'CLOSED')),
    desk          text NOT NULL CHECK (desk <> ''),
    area          text NOT NULL,
    register_time timestamptz NOT NULL,
    filing        jsonb NOT NULL CHECK (filing ->> 'kind' IN (
                      'MEDICAL', 'LABOUR', 'ENVIRONMENT', 'LAND', 'TRAFFIC', 'PROPERTY', 'FAMILY',
                      'CONSUMER', 'CONTRACT', 'NEIGHBOURS', 'CAMPUS_INJURY', 'OTHER')),
    units         text[] NOT NULL,
    mediation     text CHECK (mediation IN (
                      'PEOPLE', 'ADMINISTRATIVE', 'JUDICIAL', 'COMMISSION')),
    accept_time   timestamptz,
    to_unit       text NOT NULL,
    incident      jsonb,
    sessions      jsonb NOT NULL,
    agreement     jsonb,
    reason        text NOT NULL,
    told_where    text NOT NULL,
    end_time      timestamptz,
    close_time    timestamptz,
    CHECK ((filing ->> 'level')::integer BETWEEN 1 AND 3),
    -- Violence itself is never mediated.
    CHECK (NOT (filing ->> 'violence')::boolean OR state IN ('REGISTERED', 'REFUSED')),
    CHECK (state <> 'AGREED' OR agreement IS NOT NULL),
    CHECK (state NOT IN ('REFUSED', 'FAILED') OR told_where <> '')
);
CREATE INDEX disputes_latest ON disputes (register_time DESC, id DESC);
CREATE INDEX disputes_area ON disputes (area text_pattern_ops);
CREATE INDEX disputes_units ON disputes USING gin (units);

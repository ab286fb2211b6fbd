-- One row an incident, as its last event has left it; the journal tells how it came there.
CREATE TABLE incidents (
    id               uuid PRIMARY KEY,
    code             text NOT NULL UNIQUE,
    version          bigint NOT NULL CHECK (version > 0),
    time             timestamptz NOT NULL,
    state            text NOT NULL CHECK (state IN (
                         'REPORTED', 'TRIAGE', 'OFFERED', 'CLAIMED', 'HANDLING', 'SUSPENDED',
                         'RESOLVED', 'CLOSED', 'MERGED', 'VOIDED')),
    source           text NOT NULL,
    title            text NOT NULL,
    narrative        text NOT NULL,
    category         text NOT NULL,
    priority         text NOT NULL,
    place            jsonb NOT NULL,
    desk             text NOT NULL,
    open_time        timestamptz NOT NULL,
    -- I1: somebody answers for it at every instant.
    accountable_unit text NOT NULL CHECK (accountable_unit <> ''),
    area             text NOT NULL,
    unit             text NOT NULL,
    unit_time        timestamptz,
    sender           text NOT NULL,
    holder           text NOT NULL,
    handlers         text[] NOT NULL,
    due              jsonb NOT NULL,
    hand_off         jsonb,
    pending_return   jsonb,
    routing          jsonb,
    assigned_by      text NOT NULL,
    instruction      text NOT NULL,
    bounces          integer NOT NULL,
    releases         integer NOT NULL,
    reworks          integer NOT NULL,
    outcome          text NOT NULL,
    reply            text NOT NULL,
    solved           text NOT NULL,
    verifier         text NOT NULL,
    void_reason      text NOT NULL,
    involved         text[] NOT NULL,
    waits_for        text[] NOT NULL,
    due_time         timestamptz,
    -- Held means by a person of the unit that answers for it; pooled means by nobody.
    CHECK (state NOT IN ('CLAIMED', 'HANDLING') OR (holder <> '' AND accountable_unit = unit)),
    CHECK (state <> 'OFFERED' OR (holder = '' AND unit <> ''))
);
CREATE INDEX incidents_due ON incidents (due_time) WHERE due_time IS NOT NULL;
CREATE INDEX incidents_pool ON incidents (unit, state, priority, open_time, id);
CREATE INDEX incidents_waits_for ON incidents USING gin (waits_for);
CREATE INDEX incidents_involved ON incidents USING gin (involved);
CREATE INDEX incidents_area ON incidents (area text_pattern_ops, priority, open_time, id);

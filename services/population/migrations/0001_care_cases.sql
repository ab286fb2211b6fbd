-- One row a care case, as its last event has left it. The person and every finding are sealed.
-- No column may ever say where somebody goes, what somebody believes, thinks or asks the
-- authorities, or grade a person by computation: a test reads this file for such words.
CREATE TABLE care_cases (
    id                uuid PRIMARY KEY,
    code              text NOT NULL UNIQUE,
    version           bigint NOT NULL CHECK (version > 0),
    time              timestamptz NOT NULL,
    state             text NOT NULL CHECK (state IN ('SENT', 'ACTIVE', 'ENDED', 'SEALED')),
    sender            text NOT NULL,
    sent_by           text NOT NULL,
    unit              text NOT NULL CHECK (unit <> ''),
    area              text NOT NULL,
    register_time     timestamptz NOT NULL,
    -- The closed list of programmes: there is no other reason to be in this table.
    admission         jsonb NOT NULL CHECK (coalesce(admission ->> 'programme', '') IN (
                          'COMMUNITY_CORRECTION', 'POST_RELEASE_SUPPORT', 'DRUG_REHABILITATION',
                          'MENTAL_DISORDER_CARE', 'MINOR_PROTECTION', 'MIGRANT_SERVICE')),
    due_time          timestamptz,
    hand_over_overdue boolean NOT NULL,
    receive_time      timestamptz,
    care_workers      text[] NOT NULL,
    class_decision    jsonb CHECK (
                          coalesce(class_decision ->> 'decided_by', 'x') <> ''
                          AND coalesce(class_decision ->> 'document', 'x') <> ''),
    visits            jsonb NOT NULL,
    services          jsonb NOT NULL,
    service_ids       uuid[] NOT NULL,
    end_reason        text NOT NULL,
    end_time          timestamptz,
    CHECK (coalesce(admission ->> 'legal_basis', '') <> ''),
    -- Migrants may ask for services; nobody visits or classes them.
    CHECK (admission ->> 'programme' <> 'MIGRANT_SERVICE'
           OR visits = '[]' AND class_decision IS NULL),
    CHECK (state <> 'ACTIVE' OR cardinality(care_workers) > 0)
);
CREATE INDEX care_cases_due ON care_cases (due_time) WHERE due_time IS NOT NULL;
CREATE INDEX care_cases_latest ON care_cases (register_time DESC, id DESC);
CREATE INDEX care_cases_unit ON care_cases (unit);
CREATE INDEX care_cases_workers ON care_cases USING gin (care_workers);
CREATE INDEX care_cases_services ON care_cases USING gin (service_ids);

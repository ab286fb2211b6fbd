-- Receipts of the front desk. Every text of `caller` is sealed with the key of this service.
CREATE TABLE receipts (
    id                 uuid PRIMARY KEY,
    version            bigint NOT NULL CHECK (version > 0),
    time               timestamptz NOT NULL,
    code               text NOT NULL UNIQUE,
    kind               text NOT NULL CHECK (kind IN
                       ('CALL', 'TEXT_MESSAGE', 'DEVICE', 'GRID_REPORT', 'TICKET_12345', 'WALK_IN')),
    unit               text NOT NULL CHECK (unit <> ''),
    desk_area          text NOT NULL,
    receiver           text NOT NULL,
    receive_time       timestamptz NOT NULL,
    caller             jsonb NOT NULL,
    place              jsonb NOT NULL,
    category           text NOT NULL,
    priority           text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
    narrative          text NOT NULL,
    ring_time          timestamptz,
    answer_time        timestamptz,
    hang_up_time       timestamptz,
    recording          text NOT NULL,
    reference          text NOT NULL,
    suggestions        jsonb NOT NULL,
    confirmed_category text NOT NULL,
    state              text NOT NULL CHECK (state IN ('RECEIVED', 'ENDED', 'CLOSED')),
    outcome            text CHECK (outcome IN
                       ('OPENED', 'LINKED', 'ANSWERED', 'PASSED', 'INVALID')),
    incident_id        uuid,
    incident_code      text NOT NULL,
    incident           jsonb,
    title              text NOT NULL,
    to_unit            text NOT NULL,
    reply              text NOT NULL,
    photos             jsonb NOT NULL,
    passed_to          text NOT NULL,
    invalid_reason     text CHECK (invalid_reason IN
                       ('HOAX', 'TEST', 'WRONG_NUMBER', 'SILENT', 'HUNG_UP', 'FALSE_ALARM')),
    end_time           timestamptz,
    ended_by           text NOT NULL,
    dispatches         jsonb NOT NULL,
    call_backs         jsonb NOT NULL,

    -- What is looked for, drawn out of the parts above.
    area               text NOT NULL GENERATED ALWAYS AS
                       (coalesce(nullif(place ->> 'area', ''), desk_area)) STORED,
    number_index       text NOT NULL GENERATED ALWAYS AS (caller ->> 'number_index') STORED,
    -- A hundredth of a degree each way, a kilometre or less: neighbours are nine cells.
    cell               bigint GENERATED ALWAYS AS
                       (floor((place #>> '{point,longitude}')::float8 * 100)::bigint * 100000
                        + floor((place #>> '{point,latitude}')::float8 * 100)::bigint) STORED,

    -- Exactly one of five ways, and each with what belongs to it.
    CHECK ((state = 'RECEIVED') = (outcome IS NULL)),
    CHECK ((outcome IS NULL) = (end_time IS NULL)),
    CHECK ((incident_id IS NOT NULL) = (outcome IS NOT NULL AND outcome IN ('OPENED', 'LINKED'))),
    CHECK ((incident_id IS NOT NULL) = (incident IS NOT NULL)),
    CHECK (outcome <> 'OPENED' OR incident_id = id),
    CHECK (outcome <> 'LINKED' OR incident_id <> id),
    CHECK ((reply <> '') = (outcome IS NOT NULL AND outcome = 'ANSWERED')),
    CHECK ((passed_to <> '') = (outcome IS NOT NULL AND outcome = 'PASSED')),
    CHECK ((invalid_reason IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'INVALID'))
);
CREATE INDEX receipts_of_unit ON receipts (unit, receive_time DESC, id DESC);
CREATE INDEX receipts_newest ON receipts (receive_time DESC, id DESC);
CREATE INDEX receipts_in_cell ON receipts (cell, receive_time DESC) WHERE cell IS NOT NULL;
CREATE INDEX receipts_of_number ON receipts (number_index, receive_time DESC)
    WHERE number_index <> '';
CREATE INDEX receipts_of_incident ON receipts (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX receipts_passed_to ON receipts (passed_to, receive_time DESC) WHERE passed_to <> '';
CREATE INDEX receipts_in_area ON receipts (area text_pattern_ops, receive_time DESC);

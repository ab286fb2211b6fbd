-- One row a supervision, as its last event has left it. `addressed` says incident/unit for each unit that
-- was asked.
CREATE TABLE supervisions (
    id        uuid PRIMARY KEY,
    version   bigint NOT NULL CHECK (version > 0),
    shape     integer NOT NULL,
    doc       json NOT NULL,
    hash      bytea NOT NULL,
    state     text COLLATE "C" NOT NULL CHECK (state IN ('OPEN', 'ANSWERED', 'ACCEPTED', 'LIFTED')),
    level     text COLLATE "C" NOT NULL CHECK (level IN ('GENERAL', 'KEY', 'LISTED')),
    unit      text COLLATE "C" NOT NULL CHECK (unit <> ''),
    area      text COLLATE "C" NOT NULL,
    rank      bigint NOT NULL,
    readers   text[] NOT NULL,
    waiting   text[] NOT NULL,
    addressed text[] NOT NULL CHECK (cardinality(addressed) > 0),
    due_time  timestamptz,
    -- No clock runs for what is lifted, and nobody has anything to do there.
    CHECK (state <> 'LIFTED' OR (due_time IS NULL AND waiting = '{}'))
);
CREATE INDEX supervisions_due ON supervisions (due_time) WHERE due_time IS NOT NULL;
CREATE INDEX supervisions_by_state ON supervisions (state, rank, id)
    INCLUDE (level, unit, area, readers, waiting);
CREATE INDEX supervisions_by_unit ON supervisions (unit, rank, id)
    INCLUDE (state, level, area, readers, waiting);

-- The supervision that has yet to ask the unit that is accountable now; hardly any row has one.
ALTER TABLE incidents ADD COLUMN to_address uuid;
CREATE INDEX incidents_to_address ON incidents (to_address) WHERE to_address IS NOT NULL;

-- Whoever has not answered is pushed again: exactly these have a next deadline.
CREATE TABLE missions (
    id               uuid PRIMARY KEY,
    version          bigint NOT NULL CHECK (version > 0),
    time             timestamptz NOT NULL,
    state            text NOT NULL CHECK (state IN ('PENDING', 'DELIVERED', 'ACKNOWLEDGED',
                                                    'EN_ROUTE', 'ON_SCENE', 'CLEARED', 'REFUSED')),
    matter_id        uuid NOT NULL,
    code             text NOT NULL CHECK (code <> ''),
    team             text NOT NULL CHECK (team <> ''),
    unit             text NOT NULL CHECK (unit <> ''),
    area             text NOT NULL,
    priority         text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4')),
    place            jsonb NOT NULL,
    narrative        text NOT NULL,
    category         text NOT NULL,
    exercise         boolean NOT NULL,
    ordered_by       text NOT NULL,
    ordered_unit     text NOT NULL,
    reachable        boolean NOT NULL,
    pauses           integer[] NOT NULL CHECK (cardinality(pauses) > 0),
    dispatch_time    timestamptz NOT NULL,
    acknowledge_by   timestamptz NOT NULL,
    due_time         timestamptz,
    revision         integer NOT NULL CHECK (revision > 0),
    attempt          integer NOT NULL CHECK (attempt > 0),
    implied          text[] NOT NULL,
    deliver_time     timestamptz,
    acknowledge_time timestamptz,
    depart_time      timestamptz,
    arrive_time      timestamptz,
    end_time         timestamptz,
    acknowledged_by  text NOT NULL,
    refuse_reason    text NOT NULL,
    result           text NOT NULL,
    UNIQUE (matter_id, team),
    CHECK ((state IN ('PENDING', 'DELIVERED')) = (due_time IS NOT NULL)),
    CHECK ((state IN ('CLEARED', 'REFUSED')) = (end_time IS NOT NULL)),
    CHECK ((state = 'REFUSED') = (refuse_reason <> ''))
);
CREATE INDEX missions_due ON missions (due_time) WHERE due_time IS NOT NULL;
CREATE INDEX missions_open ON missions (team) WHERE end_time IS NULL;
CREATE INDEX missions_newest ON missions (dispatch_time DESC, id DESC);

-- Numbers are handed out under the lock of the team's row, which is held until the commit: `last_seq`
-- has no gap, and a cursor never jumps over an entry that commits later. `last_push` counts the
-- repeats too. The epoch is raised by hand after a restore from a backup.
CREATE TABLE mailboxes (
    team      text PRIMARY KEY,
    epoch     bigint NOT NULL DEFAULT 1,
    last_seq  bigint NOT NULL CHECK (last_seq >= 0),
    last_push bigint NOT NULL CHECK (last_push >= last_seq)
);

-- What a terminal replays. A repeat keeps its seq and gets a new push number.
CREATE TABLE mailbox_entries (
    team     text NOT NULL REFERENCES mailboxes,
    seq      bigint NOT NULL CHECK (seq > 0),
    mission  uuid NOT NULL REFERENCES missions,
    revision integer NOT NULL,
    attempt  integer NOT NULL CHECK (attempt > 0),
    push     bigint NOT NULL,
    time     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (team, seq),
    UNIQUE (team, push),
    UNIQUE (mission, revision)
);

CREATE TABLE team_statuses (
    id      uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version > 0),
    time    timestamptz NOT NULL,
    team    text NOT NULL UNIQUE,
    unit    text NOT NULL,
    area    text NOT NULL,
    duty    text NOT NULL CHECK (duty IN ('AVAILABLE', 'RESTING', 'OUT_OF_SERVICE')),
    note    text NOT NULL,
    set_by  text NOT NULL
);

-- A mission that was recalled is over, and is pushed until the team confirms it; one that was corrected
-- is pushed until the team has signed again. `pair` stands for the open mission of a team for a matter.
ALTER TABLE missions
    DROP CONSTRAINT IF EXISTS missions_state_check,
    DROP CONSTRAINT IF EXISTS missions_check,
    DROP CONSTRAINT IF EXISTS missions_check1,
    DROP CONSTRAINT IF EXISTS missions_matter_id_team_key,
    ADD COLUMN pair uuid, ADD COLUMN receipt uuid;
UPDATE missions SET pair = encode(substr(sha256(convert_to(matter_id || '/' || team, 'UTF8')), 1, 16), 'hex')::uuid
WHERE end_time IS NULL;
UPDATE missions SET receipt = matter_id;
ALTER TABLE missions
    ADD CONSTRAINT missions_states CHECK (state IN ('PENDING', 'DELIVERED', 'ACKNOWLEDGED', 'EN_ROUTE',
                                                    'ON_SCENE', 'CLEARED', 'REFUSED', 'RECALLED')),
    ADD CONSTRAINT missions_ended CHECK ((state IN ('CLEARED', 'REFUSED', 'RECALLED')) = (end_time IS NOT NULL)),
    ADD CONSTRAINT missions_quiet CHECK (due_time IS NULL OR state NOT IN ('CLEARED', 'REFUSED')),
    ADD CONSTRAINT missions_paired CHECK ((pair IS NULL) = (end_time IS NOT NULL));
CREATE UNIQUE INDEX missions_one_open ON missions (pair) WHERE pair IS NOT NULL;
CREATE INDEX missions_by_matter ON missions (matter_id, rank, id);
CREATE INDEX missions_by_receipt ON missions (receipt, rank, id);

-- What an entry asks of the team; each revision of a mission has an entry, a recall is the last one.
ALTER TABLE mailbox_entries
    ADD COLUMN kind text NOT NULL DEFAULT 'MISSION' CHECK (kind IN ('MISSION', 'REVISION', 'RECALL'));

-- The steps of a team, for all its terminals. They have numbers of their own, without gap; `after_seq`
-- is the last entry before the step, from which a terminal that resumes is told of it.
ALTER TABLE mailboxes ADD COLUMN last_step bigint NOT NULL DEFAULT 0 CHECK (last_step >= 0);
CREATE TABLE mailbox_steps (
    team      text NOT NULL REFERENCES mailboxes,
    step      bigint NOT NULL CHECK (step > 0),
    after_seq bigint NOT NULL CHECK (after_seq >= 0),
    mission   uuid NOT NULL REFERENCES missions,
    kind      text NOT NULL,
    state     text NOT NULL,
    revision  integer NOT NULL,
    signed    integer NOT NULL,
    who       text NOT NULL,
    time      timestamptz NOT NULL,
    PRIMARY KEY (team, step)
);
CREATE INDEX mailbox_steps_after ON mailbox_steps (team, after_seq);

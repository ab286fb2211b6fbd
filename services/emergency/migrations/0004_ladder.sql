-- The ladder of a mission has its own clock; a refused mission is told once more, and a person may end
-- the ladder of an unanswered one, so that the two states no longer say whether a clock runs.
ALTER TABLE missions DROP CONSTRAINT IF EXISTS missions_check;
ALTER TABLE missions
    ADD COLUMN rung_due timestamptz,
    ADD COLUMN alert_time timestamptz,
    ADD CONSTRAINT missions_rung CHECK (rung_due IS NULL OR state IN ('PENDING', 'DELIVERED', 'REFUSED'));
CREATE INDEX missions_rung_due ON missions (rung_due) WHERE rung_due IS NOT NULL;
CREATE INDEX missions_alerts ON missions (alert_time, id) WHERE alert_time IS NOT NULL;

-- One message to one person on one channel. The key is the same at every try, so that the provider
-- can leave out what it has sent. `recipient` is a login, never a number.
CREATE TABLE delivery_attempts (
    key         text PRIMARY KEY,
    mission     uuid NOT NULL REFERENCES missions,
    revision    integer NOT NULL CHECK (revision > 0),
    recipient   text NOT NULL CHECK (recipient <> ''),
    channel     text NOT NULL CHECK (channel IN ('SMS', 'VOICE')),
    rung        integer NOT NULL CHECK (rung > 0),
    state       text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'SENT', 'FAILED', 'DROPPED')),
    tries       integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    retry_time  timestamptz NOT NULL DEFAULT clock_timestamp(),
    end_time    timestamptz,
    error       text NOT NULL DEFAULT '',
    CHECK ((state = 'WAITING') = (end_time IS NULL))
);
CREATE INDEX delivery_attempts_due ON delivery_attempts (retry_time) WHERE state = 'WAITING';
CREATE INDEX delivery_attempts_mission ON delivery_attempts (mission, rung);

-- The service follows the staff from now on: it reads the directory's topic once more from its beginning.
DELETE FROM replica_bookmark;

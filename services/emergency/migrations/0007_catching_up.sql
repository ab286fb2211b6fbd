-- A mission that has joined an incident asks for its facts until it has them.
ALTER TABLE missions ADD COLUMN behind_since timestamptz;
CREATE INDEX missions_behind ON missions (behind_since) WHERE behind_since IS NOT NULL;
UPDATE missions SET behind_since = dispatch_time
WHERE end_time IS NULL AND (doc ->> 'home')::uuid <> matter_id;
-- Messages by telephone are deleted some time after they ended.
CREATE INDEX delivery_attempts_ended ON delivery_attempts (end_time) WHERE end_time IS NOT NULL;

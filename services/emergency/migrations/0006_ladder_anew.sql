-- A team that is under way climbs the ladder again until it has signed for a correction.
ALTER TABLE missions
    DROP CONSTRAINT missions_rung,
    ADD CONSTRAINT missions_rung CHECK (rung_due IS NULL OR state NOT IN ('CLEARED', 'RECALLED'));
-- A recall that its team has not confirmed stands among the alerts, after a time.
UPDATE missions SET alert_time = end_time + interval '60 seconds'
WHERE state = 'RECALLED' AND due_time IS NOT NULL;

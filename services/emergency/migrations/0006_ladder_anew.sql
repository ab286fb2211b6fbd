-- A team that is under way climbs the ladder again until it has signed for a correction.
ALTER TABLE missions
    DROP CONSTRAINT missions_rung,
    ADD CONSTRAINT missions_rung CHECK (rung_due IS NULL OR state NOT IN ('CLEARED', 'RECALLED'));

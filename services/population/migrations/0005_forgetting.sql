-- A person may be forgotten: the state, and whose keys were destroyed. `told`: the list outside the
-- database, which survives a restore, has it.
ALTER TABLE care_cases
    DROP CONSTRAINT care_cases_state_check,
    ADD CONSTRAINT care_cases_state_check
        CHECK (state IN ('SENT', 'ACTIVE', 'ENDED', 'SEALED', 'FORGOTTEN')) NOT VALID;
CREATE TABLE forgotten_keys (
    about uuid PRIMARY KEY,
    id    text NOT NULL,
    told  boolean NOT NULL DEFAULT false,
    time  timestamptz NOT NULL DEFAULT clock_timestamp()
);

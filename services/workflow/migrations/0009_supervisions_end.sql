-- A supervision ends by itself once nothing is left to answer for.
ALTER TABLE supervisions DROP CONSTRAINT supervisions_state_check;
ALTER TABLE supervisions ADD CONSTRAINT supervisions_state_check
    CHECK (state IN ('OPEN', 'ANSWERED', 'ACCEPTED', 'LIFTED', 'ENDED'));

-- What a receipt that was passed on became there: its state, and when a partner's ticket lapses. An
-- incident that was opened in a unit's pool is followed like any other. A ticket that the partner
-- returned leaves the receipt open, and the partner still sees its answer.
ALTER TABLE receipts
    ADD COLUMN passed_state text COLLATE "C" NOT NULL DEFAULT '', ADD COLUMN due_time timestamptz;
ALTER TABLE receipts
    ALTER COLUMN passed_state DROP DEFAULT,
    DROP CONSTRAINT receipts_check2,  -- an incident only where one was opened or linked
    DROP CONSTRAINT receipts_check7,  -- passed to a unit only where the outcome says so
    ADD CHECK (incident_id IS NULL OR coalesce(outcome IN ('OPENED', 'LINKED', 'PASSED'), false)),
    ADD CHECK (incident_id IS NOT NULL OR outcome IS NULL OR outcome NOT IN ('OPENED', 'LINKED')),
    ADD CHECK ((passed_to <> '') = (coalesce(outcome = 'PASSED', false) OR passed_state = 'RETURNED'));
-- What was referred to mediation is followed from now on.
UPDATE receipts SET passed_state = 'PENDING' WHERE outcome = 'PASSED'
    AND coalesce(doc #>> '{ending,to_unit}', doc ->> 'to_unit', '') <> '';
CREATE INDEX receipts_by_passed_state ON receipts (passed_state, rank, id) WHERE passed_state <> '';
CREATE INDEX receipts_due ON receipts (due_time) WHERE due_time IS NOT NULL;

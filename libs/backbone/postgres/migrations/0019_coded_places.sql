-- The code over the place from which signatures are demanded, where that is not the beginning: else one who
-- moves it makes every forged row, and every forged record, one of before.
ALTER TABLE signing ADD COLUMN proof bytea;
ALTER TABLE unsigned ADD COLUMN proof bytea;

-- Those of before get theirs within a day.
DO $$
BEGIN
    IF EXISTS (SELECT FROM signing WHERE since > 0 OR accepts_unsigned) THEN
        UPDATE uncoded SET until = greatest(until, clock_timestamp() + interval '1 day');
    END IF;
END
$$;

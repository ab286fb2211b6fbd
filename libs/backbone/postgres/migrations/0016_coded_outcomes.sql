-- The code over the columns of a stored outcome, which only its service can make: a repeat is answered with
-- what the service has answered.
ALTER TABLE outcomes ADD COLUMN IF NOT EXISTS proof bytea;

-- The outcomes of before get theirs within a day.
DO $$
BEGIN
    IF EXISTS (SELECT FROM outcomes) THEN
        UPDATE uncoded SET until = greatest(until, clock_timestamp() + interval '1 day');
    END IF;
END
$$;

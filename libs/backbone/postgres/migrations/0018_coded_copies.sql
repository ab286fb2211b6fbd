-- The code over an entry of the city's copy, which only its service can make: a copy says who reports to whom,
-- where a matter goes and whose line a unit has.
ALTER TABLE replica ADD COLUMN proof bytea;

-- An entry that the release before writes, beside this one, has no code, and gets one as one of before.
CREATE FUNCTION take_code_of_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.proof := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER codes_of_copies BEFORE UPDATE OF key, version, value ON replica
    FOR EACH ROW WHEN (NEW.proof IS NOT DISTINCT FROM OLD.proof) EXECUTE FUNCTION take_code_of_copy();

-- The entries of before get their codes within a day.
DO $$
BEGIN
    IF EXISTS (SELECT FROM replica) THEN
        UPDATE uncoded SET until = greatest(until, clock_timestamp() + interval '1 day');
    END IF;
END
$$;

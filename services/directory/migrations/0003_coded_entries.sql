-- The code over an entry, which only the directory can make: it signs and publishes what it has written itself.
ALTER TABLE entries ADD COLUMN proof bytea;

-- An entry that the release before writes, beside this one, loses its code, and gets one as one of before.
CREATE FUNCTION take_code_of_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.proof := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER codes_of_entries BEFORE UPDATE OF key, version, body ON entries
    FOR EACH ROW WHEN (NEW.proof IS NOT DISTINCT FROM OLD.proof) EXECUTE FUNCTION take_code_of_entry();

-- The entries of before get their codes within a day.
DO $$
BEGIN
    IF EXISTS (SELECT FROM entries) THEN
        UPDATE uncoded SET until = greatest(until, clock_timestamp() + interval '1 day');
    END IF;
END
$$;

-- The code over the columns of a row that gives rights, which only the gateway and its operator's command
-- can make (accounts/coded.py).
ALTER TABLE accounts ADD COLUMN proof bytea;
ALTER TABLE api_keys ADD COLUMN proof bytea;
ALTER TABLE sessions ADD COLUMN proof bytea;
ALTER TABLE deputies ADD COLUMN proof bytea;
ALTER TABLE second_factors ADD COLUMN proof bytea;
ALTER TABLE demo_city ADD COLUMN proof bytea;

-- A row that the release before changes, beside this one, loses its code, and gets one as a row of before.
-- Once that time is over, a row that was changed without a new code opens nothing.
CREATE FUNCTION take_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.proof := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER codes_of_accounts BEFORE UPDATE OF user_name, folded, display_name, role, unit, area, team,
    password_hash, disabled, demo ON accounts
    FOR EACH ROW WHEN (NEW.proof IS NOT DISTINCT FROM OLD.proof) EXECUTE FUNCTION take_code();
CREATE TRIGGER codes_of_keys BEFORE UPDATE OF key_hash, name, role, unit, area, team, disabled, demo ON api_keys
    FOR EACH ROW WHEN (NEW.proof IS NOT DISTINCT FROM OLD.proof) EXECUTE FUNCTION take_code();
CREATE TRIGGER codes_of_deputies BEFORE UPDATE OF person, deputy, start_time, end_time, made_by ON deputies
    FOR EACH ROW WHEN (NEW.proof IS NOT DISTINCT FROM OLD.proof) EXECUTE FUNCTION take_code();
CREATE TRIGGER codes_of_factors BEFORE UPDATE OF user_name, sealed ON second_factors
    FOR EACH ROW WHEN (NEW.proof IS NOT DISTINCT FROM OLD.proof) EXECUTE FUNCTION take_code();
CREATE TRIGGER codes_of_the_demo BEFORE UPDATE OF load_time, end_time ON demo_city
    FOR EACH ROW WHEN (NEW.proof IS NOT DISTINCT FROM OLD.proof) EXECUTE FUNCTION take_code();

-- The rows of before get their codes within a day. A gateway that has no account yet has none of before.
DO $$
BEGIN
    IF EXISTS (SELECT FROM accounts) OR EXISTS (SELECT FROM api_keys) OR EXISTS (SELECT FROM demo_city) THEN
        UPDATE uncoded SET until = greatest(until, clock_timestamp() + interval '1 day');
    END IF;
END
$$;

-- Until now only the demo made accounts, and its keys alone were exempt from limits. What it has
-- made opens doors only where the demo city was loaded, and until the demo is ended.
ALTER TABLE accounts ADD COLUMN demo boolean NOT NULL DEFAULT false;
ALTER TABLE api_keys ADD COLUMN demo boolean NOT NULL DEFAULT false;
UPDATE accounts SET demo = true;
UPDATE api_keys SET demo = exempt;
CREATE TABLE demo_city (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    load_time timestamptz NOT NULL DEFAULT now(),
    end_time  timestamptz
);
CREATE FUNCTION is_in_force(is_demo boolean) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT is_demo OR EXISTS (SELECT FROM demo_city WHERE end_time IS NULL)
$$;

-- Names that differ only in width or case are one name.
ALTER TABLE accounts ADD COLUMN folded text;
UPDATE accounts SET folded = lower(normalize(user_name, NFKC));
ALTER TABLE accounts ALTER COLUMN folded SET NOT NULL, ADD CONSTRAINT one_name UNIQUE (folded);

-- The second factor: the sealed secret, the last time step that was used (a code opens once), and
-- wrong codes in a row, each of which came with the right password.
CREATE TABLE second_factors (
    user_name text PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    sealed    text NOT NULL,
    step      bigint NOT NULL DEFAULT 0,
    wrong     integer NOT NULL DEFAULT 0
);

-- Every sign-in, every failure, every change of rights. No line holds a password, token or key.
CREATE TABLE audit (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time     timestamptz NOT NULL DEFAULT now(),
    kind     text NOT NULL CHECK (kind <> ''),
    subject  text NOT NULL,
    unit     text NOT NULL,
    actor    text NOT NULL,
    address  text NOT NULL DEFAULT '',
    facts    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_by_subject ON audit (subject, position);
CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit is append-only';
END
$$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

-- The version moves, with the commit, when an account, a key or a session loses what it had. Each
-- gateway asks for it once a second, and then looks again at every caller and every open stream.
CREATE TABLE rights (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL DEFAULT 0
);
INSERT INTO rights DEFAULT VALUES;
CREATE FUNCTION rights_have_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rights SET version = version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER rights_of_accounts AFTER UPDATE OR DELETE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION rights_have_changed();
CREATE TRIGGER rights_of_keys AFTER UPDATE OR DELETE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION rights_have_changed();
CREATE TRIGGER rights_of_the_demo AFTER UPDATE OR DELETE ON demo_city
    FOR EACH STATEMENT EXECUTE FUNCTION rights_have_changed();
CREATE TRIGGER rights_of_sessions AFTER DELETE ON sessions
    FOR EACH ROW WHEN (OLD.expire_time > now()) EXECUTE FUNCTION rights_have_changed();

-- Who acts for whom, from when to when. An end that comes sooner is a change of end_time.
CREATE TABLE deputies (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person     text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    deputy     text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL,
    made_by    text NOT NULL,
    make_time  timestamptz NOT NULL DEFAULT now(),
    CHECK (person <> deputy), CHECK (start_time <= end_time)
);
CREATE INDEX deputies_by_deputy ON deputies (deputy, person, end_time);
CREATE TRIGGER rights_of_deputies AFTER UPDATE OR DELETE ON deputies
    FOR EACH STATEMENT EXECUTE FUNCTION rights_have_changed();

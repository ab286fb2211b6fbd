-- A line of the audit is written once; nobody, not even the gateway's own role, takes it back.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reveals are append-only';
END
$$;
CREATE TRIGGER reveals_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON reveals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

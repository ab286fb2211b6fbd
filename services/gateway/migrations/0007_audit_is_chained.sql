-- Each line of the audit of sign-ins and rights carries a hash over itself and the line before, and its place
-- without a gap: a line that was changed, removed or moved shows. Lines of before are covered, as they are
-- now, by one digest, from which the first chained line goes on.
ALTER TABLE audit ADD COLUMN hash bytea NOT NULL DEFAULT '';

CREATE FUNCTION hash_of_audit(line audit, previous bytea) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(previous || convert_to(concat_ws(chr(31),
        line.position, (extract(epoch FROM line.time) * 1000000)::bigint, line.kind, line.subject,
        line.unit, line.actor, line.address, line.facts
    ), 'UTF8'))
$$;

CREATE TABLE audit_before (
    position bigint NOT NULL,
    digest   bytea NOT NULL
);
INSERT INTO audit_before
SELECT coalesce(max(position), 0),
       sha256(coalesce(string_agg(hash_of_audit(line, ''), '' ORDER BY position), ''))
FROM audit AS line;

CREATE FUNCTION chain_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place    bigint;
    previous bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || '.audit', 0));
    SELECT position, hash INTO place, previous FROM audit
    WHERE hash <> '' ORDER BY position DESC LIMIT 1;
    IF place IS NULL THEN
        SELECT position, digest INTO place, previous FROM audit_before;
    END IF;
    NEW.position := place + 1;
    NEW.hash := hash_of_audit(NEW, previous);
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_is_chained BEFORE INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION chain_audit();

-- Each line of the audit carries a hash over itself and the line before, and its place without a
-- gap: a line that was changed, removed or moved shows.
ALTER TABLE reveals ADD COLUMN hash bytea NOT NULL DEFAULT '';
ALTER TABLE reveals ALTER COLUMN position DROP IDENTITY, ALTER COLUMN position SET DEFAULT 0;

CREATE FUNCTION hash_of_reveal(line reveals, previous bytea) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(previous || convert_to(concat_ws(chr(31),
        line.position, (extract(epoch FROM line.time) * 1000000)::bigint, line.principal,
        line.user_name, line.unit, line.role, line.what, line.subject, line.purpose, line.trace
    ), 'UTF8'))
$$;

ALTER TABLE reveals DISABLE TRIGGER reveals_are_kept;
DO $$
DECLARE
    line reveals;
    previous bytea := '';
    place bigint := 0;
    moved bigint;
BEGIN
    FOR line IN SELECT * FROM reveals ORDER BY position LOOP
        place := place + 1;
        moved := line.position;
        line.position := place;
        previous := hash_of_reveal(line, previous);
        UPDATE reveals SET position = place, hash = previous WHERE position = moved;
    END LOOP;
END
$$;
ALTER TABLE reveals ENABLE TRIGGER reveals_are_kept;

CREATE FUNCTION chain_reveal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || '.reveals', 0));
    EXECUTE format('SELECT position, hash FROM %I.reveals ORDER BY position DESC LIMIT 1',
                   TG_TABLE_SCHEMA) INTO last;
    NEW.position := coalesce(last.position, 0) + 1;
    NEW.hash := hash_of_reveal(NEW, coalesce(last.hash, ''));
    RETURN NEW;
END
$$;
CREATE TRIGGER reveals_are_chained BEFORE INSERT ON reveals
    FOR EACH ROW EXECUTE FUNCTION chain_reveal();

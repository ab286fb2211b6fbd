-- Journal and outcomes by month. The month of a row is told by the position that the journal has reached:
-- month * 10^10 + number. So a month is an interval of positions, which a unique key can be the
-- partition key of; no clock decides where a row belongs; and a month that was not made in time is no
-- reason to refuse a command: the journal stays in the present one until the next is there.
--
-- Positions are unique over all months. (aggregate_id, version) and request_id are unique in each
-- month by index; over months the door sees to them: it holds the lock of the aggregate and of the
-- request while it reads and writes, and its statement refuses a version that is not above the state's.

-- In the order in which the door uses them, so that neither waits for the other.
LOCK TABLE outcomes, journal IN ACCESS EXCLUSIVE MODE;
-- Functions below run with this path wherever they are called from.
SELECT set_config('search_path', current_schema() || ', pg_temp', true);

DO $$
DECLARE
    day   date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
    this  text := to_char(day, 'YYYYMM');
    next  bigint := to_char(day + interval '1 month', 'YYYYMM')::bigint;
    reached bigint := nextval(pg_get_serial_sequence('journal', 'position'));
    -- Until the grants that follow every migration, the running release needs its own.
    role  text := 'liandong_' || current_schema();
BEGIN
    EXECUTE 'ALTER TABLE outcomes RENAME TO outcomes_' || this;
    EXECUTE 'ALTER TABLE journal RENAME TO journal_' || this;
    EXECUTE format('ALTER TABLE journal_%s ALTER COLUMN position DROP IDENTITY', this);
    EXECUTE format('CREATE TABLE journal (LIKE journal_%s) PARTITION BY RANGE (position)', this);
    ALTER TABLE journal ALTER COLUMN signature SET DEFAULT '';
    ALTER TABLE journal ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY (CACHE 1);
    PERFORM setval(pg_get_serial_sequence('journal', 'position'), reached);
    EXECUTE format('CREATE TABLE outcomes (LIKE outcomes_%s) PARTITION BY RANGE (month)', this);
    EXECUTE format('ALTER TABLE outcomes ALTER COLUMN month SET DEFAULT %s',
                   'pg_sequence_last_value(''journal_position_seq''::regclass) / 10000000000');
    EXECUTE format('ALTER TABLE inbox ALTER COLUMN month SET DEFAULT %s',
                   'pg_sequence_last_value(''journal_position_seq''::regclass) / 10000000000');
    EXECUTE format('ALTER TABLE journal ATTACH PARTITION journal_%s '
                   'FOR VALUES FROM (MINVALUE) TO (%s)', this, next * 10000000000);
    EXECUTE format('ALTER TABLE outcomes ATTACH PARTITION outcomes_%s '
                   'FOR VALUES FROM (MINVALUE) TO (%s)', this, next);
    EXECUTE format('ALTER TABLE journal_%s DROP CONSTRAINT till_now', this);
    EXECUTE format('ALTER TABLE outcomes_%s DROP CONSTRAINT till_now', this);
    EXECUTE format('REVOKE ALL ON journal_%s, outcomes_%s FROM %I', this, this, role);
    EXECUTE format('GRANT SELECT, INSERT ON journal TO %I', role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON outcomes TO %I', role);
    EXECUTE format('GRANT USAGE ON SEQUENCE journal_position_seq TO %I', role);
END $$;

-- Makes a month, the lowest one with all time before it; returns whether it was missing. ATTACH locks
-- the parents against each other only; CREATE TABLE … PARTITION OF would stop the writers.
CREATE FUNCTION make_month(month bigint, lowest boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
    next  bigint := CASE WHEN month % 100 = 12 THEN month + 89 ELSE month + 1 END;
    first text := CASE WHEN lowest THEN 'MINVALUE' ELSE month::text END;
    begun text := CASE WHEN lowest THEN 'MINVALUE' ELSE (month * 10000000000)::text END;
BEGIN
    IF to_regclass('journal_' || month) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE journal_%s (LIKE journal INCLUDING DEFAULTS, PRIMARY KEY (position),
        UNIQUE (aggregate_id, version), CHECK (version > 0), CHECK (octet_length(payload) < 900000))',
        month);
    EXECUTE format('CREATE TABLE outcomes_%s (LIKE outcomes INCLUDING DEFAULTS,
        PRIMARY KEY (request_id))', month);
    EXECUTE format('ALTER TABLE outcomes ATTACH PARTITION outcomes_%s FOR VALUES FROM (%s) TO (%s)',
        month, first, next);
    EXECUTE format('ALTER TABLE journal ATTACH PARTITION journal_%s FOR VALUES FROM (%s) TO (%s)',
        month, begun, next * 10000000000);
    RETURN true;
END $$;

-- Makes this month and the next, and moves the journal on to this one. A service calls it: it may not
-- make tables itself, and can name no month.
CREATE FUNCTION keep_months() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout = '300ms' AS $$
DECLARE
    day   date := (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date;
    this  bigint := to_char(day, 'YYYYMM')::bigint;
    next  bigint := to_char(day + interval '1 month', 'YYYYMM')::bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.months', 0)) THEN
        RETURN;
    END IF;
    -- A position of the new month is drawn only once all sessions see its partition: after the commit.
    IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'journal'::regclass
               AND inhrelid = to_regclass('journal_' || this))
        AND pg_sequence_last_value('journal_position_seq') < this * 10000000000
    THEN
        PERFORM setval('journal_position_seq', this * 10000000000);
    END IF;
    PERFORM make_month(this), make_month(next);
END $$;

-- Drops the months of outcomes that ended longer ago than this; returns how many. A service calls it.
-- The command topic keeps records for 7 days, which outcomes must outlive.
CREATE FUNCTION forget_outcomes(keep interval) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout = '300ms' AS $$
DECLARE
    month     text;
    forgotten integer := 0;
    ended     timestamptz := clock_timestamp() - greatest(keep, interval '8 days');
BEGIN
    FOR month IN
        SELECT right(inhrelid::regclass::text, 6) FROM pg_inherits
        WHERE inhparent = 'outcomes'::regclass ORDER BY 1
    LOOP
        CONTINUE WHEN month::bigint >= pg_sequence_last_value('journal_position_seq') / 10000000000
            OR (to_date(month, 'YYYYMM') + interval '1 month') AT TIME ZONE 'Asia/Shanghai' >= ended;
        EXECUTE 'DROP TABLE outcomes_' || month;
        forgotten := forgotten + 1;
    END LOOP;
    RETURN forgotten;
END $$;

REVOKE ALL ON FUNCTION make_month, keep_months, forget_outcomes FROM PUBLIC;

-- A row is a document (`doc`, in the form that `shape` numbers) and the columns that queries and
-- CHECKs need; the service projects them from the document. Shape 1 is the row as it was until now.
ALTER TABLE petitions ADD COLUMN doc json;
UPDATE petitions AS p SET doc = (to_jsonb(p) - 'doc')::json;

ALTER TABLE petitions
    ADD COLUMN shape              integer,
    ADD COLUMN hash               bytea,
    ADD COLUMN channel            text CHECK (channel IN (
                                      'LETTER', 'VISIT', 'ONLINE', 'HOTLINE', 'VIDEO', 'PROXY',
                                      'GREEN_POST', 'RECEPTION')),
    ADD COLUMN category           text,
    ADD COLUMN accused            text,
    ADD COLUMN audience           text[],
    ADD COLUMN watched_area       text,
    ADD COLUMN petitioner_indexes text[];
UPDATE petitions AS p SET
    shape = 1,
    hash = (SELECT j.hash FROM journal AS j
            WHERE j.aggregate_id = p.id AND j.version = p.version),
    channel = filing ->> 'channel',
    category = filing ->> 'category',
    accused = CASE
        WHEN kind IN ('ADVICE', 'CLAIM') THEN ''
        WHEN filing ->> 'against_unit' <> '' THEN filing ->> 'against_unit'
        WHEN kind = 'ACCUSATION' OR filing ->> 'against' <> '' THEN '*'
        ELSE '' END,
    petitioner_indexes = ARRAY(SELECT jsonb_array_elements_text(filing -> 'petitioner_indexes'));
UPDATE petitions SET
    audience = ARRAY(SELECT unit FROM unnest(units) WITH ORDINALITY AS u (unit, place)
                     WHERE unit = desk OR unit <> accused ORDER BY place),
    watched_area = CASE WHEN accused = '' THEN area ELSE '' END;

ALTER TABLE petitions
    ALTER COLUMN doc SET NOT NULL,
    ALTER COLUMN shape SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL,
    ALTER COLUMN channel SET NOT NULL,
    ALTER COLUMN category SET NOT NULL,
    ALTER COLUMN accused SET NOT NULL,
    ALTER COLUMN audience SET NOT NULL,
    ALTER COLUMN watched_area SET NOT NULL,
    ALTER COLUMN petitioner_indexes SET NOT NULL,
    DROP COLUMN time,
    DROP COLUMN area,
    DROP COLUMN filing,
    DROP COLUMN units,
    DROP COLUMN lawful_channel,
    DROP COLUMN accept_time,
    DROP COLUMN reason,
    DROP COLUMN told_where,
    DROP COLUMN to_unit,
    DROP COLUMN incident,
    DROP COLUMN progress,
    DROP COLUMN reply,
    DROP COLUMN reply_time,
    DROP COLUMN close_time;
CREATE INDEX petitions_audience ON petitions USING gin (audience);
CREATE INDEX petitions_watched_area ON petitions (watched_area text_pattern_ops);
CREATE INDEX petitions_petitioners ON petitions USING gin (petitioner_indexes);

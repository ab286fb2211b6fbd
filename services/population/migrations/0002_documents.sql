-- A row is a document and the columns by which it is found and checked. The document of an older
-- row is the flat row itself: shape 1. The person and every finding stay sealed inside it.
ALTER TABLE care_cases
    ADD COLUMN shape integer, ADD COLUMN doc json, ADD COLUMN hash bytea,
    ADD COLUMN programme text, ADD COLUMN legal_basis text,
    ADD COLUMN overdue boolean, ADD COLUMN followed_up boolean;
UPDATE care_cases AS c SET
    shape = 1,
    doc = (to_jsonb(c)
           - '{shape,doc,hash,programme,legal_basis,overdue,followed_up}'::text[])::json,
    hash = (SELECT j.hash FROM journal AS j WHERE j.aggregate_id = c.id
            ORDER BY j.version DESC LIMIT 1),
    programme = admission ->> 'programme',
    legal_basis = admission ->> 'legal_basis',
    overdue = hand_over_overdue AND state = 'SENT'
              OR visits @> '[{"state": "MISSED"}]' AND state = 'ACTIVE',
    followed_up = visits <> '[]' OR coalesce(class_decision, 'null') <> 'null';
ALTER TABLE care_cases
    ALTER COLUMN shape SET NOT NULL, ALTER COLUMN doc SET NOT NULL, ALTER COLUMN hash SET NOT NULL,
    ALTER COLUMN programme SET NOT NULL, ALTER COLUMN legal_basis SET NOT NULL,
    ALTER COLUMN overdue SET NOT NULL, ALTER COLUMN followed_up SET NOT NULL,
    -- The closed list of programmes: there is no other reason to be in this table.
    ADD CHECK (programme IN (
        'COMMUNITY_CORRECTION', 'POST_RELEASE_SUPPORT', 'DRUG_REHABILITATION',
        'MENTAL_DISORDER_CARE', 'MINOR_PROTECTION', 'MIGRANT_SERVICE')),
    ADD CHECK (legal_basis <> ''),
    -- Migrants may ask for services; they are neither visited nor classed.
    ADD CHECK (programme <> 'MIGRANT_SERVICE' OR NOT followed_up),
    DROP COLUMN time, DROP COLUMN area, DROP COLUMN admission, DROP COLUMN hand_over_overdue,
    DROP COLUMN receive_time, DROP COLUMN class_decision, DROP COLUMN visits, DROP COLUMN services,
    DROP COLUMN end_reason, DROP COLUMN end_time;

-- The auditor of an area reads every petition of it, accusations too, which have no watched area.
ALTER TABLE petitions ADD COLUMN area text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (coalesce(doc ->> 'area', '')) STORED;
CREATE INDEX petitions_by_audited_area ON petitions (area, rank, id)
    INCLUDE (state, channel, kind, category, desk);

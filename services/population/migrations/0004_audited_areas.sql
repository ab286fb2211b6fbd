-- The auditor of an area reads every care case of it.
ALTER TABLE care_cases ADD COLUMN area text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (coalesce(doc #>> '{charge,area}', doc ->> 'area', '')) STORED;
CREATE INDEX care_cases_by_area ON care_cases (area, rank, id)
    INCLUDE (state, programme, overdue);

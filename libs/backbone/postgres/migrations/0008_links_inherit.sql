-- What a refused link is about limits who may know of it: the source of its event, and the unit that it accuses.
-- Links of before have neither word.
ALTER TABLE refused_links
    ADD COLUMN source  text NOT NULL DEFAULT '',
    ADD COLUMN accused text NOT NULL DEFAULT '';

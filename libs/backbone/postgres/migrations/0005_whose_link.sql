-- Whose task a refused link is: the units that heard of its event and the area that is watched, the
-- matter, and who settled it with which word.
ALTER TABLE refused_links
    ADD matter     text NOT NULL DEFAULT '',
    ADD audience   text[] NOT NULL DEFAULT '{}',
    ADD area       text NOT NULL DEFAULT '',
    ADD settled_by text NOT NULL DEFAULT '',
    ADD note       text NOT NULL DEFAULT '';
CREATE INDEX refused_links_open ON refused_links (time, event_id) WHERE settle_time IS NULL;

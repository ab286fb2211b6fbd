-- What a supervision is about limits who may know of it: the sources of its incidents, and the unit that
-- they accuse. Earlier supervisions are about what their readers know.
ALTER TABLE supervisions
    ADD COLUMN source  text COLLATE "C" NOT NULL DEFAULT 'SUPERVISION',
    ADD COLUMN accused text COLLATE "C" NOT NULL DEFAULT '';

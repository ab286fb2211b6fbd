-- An incident of before learns where it came from (OriginTold): its rows beside follow.
CREATE OR REPLACE TRIGGER other_readers AFTER UPDATE ON incidents FOR EACH ROW WHEN (
    (old.readers, old.rank, old.waiting_too, old.category, old.priority, old.area,
     old.against, old.source)
    IS DISTINCT FROM
    (new.readers, new.rank, new.waiting_too, new.category, new.priority, new.area,
     new.against, new.source)
) EXECUTE FUNCTION list_again_for_readers();

-- A pointer lives for some milliseconds. By the share of the table autovacuum would come when 20 % of next
-- to nothing is dead, so the relay would walk over the dead entries of its index; 2,000 are a
-- few pages. The end of the table is not cut off: that would lock out the door.
ALTER TABLE unsent SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
);
-- One row a group and record, updated with each event and seldom otherwise: with room on its page the new
-- version stays there, and no index is written. 20 % of a table of millions is too late for that.
ALTER TABLE inbox SET (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000
);

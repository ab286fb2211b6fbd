-- How many somebody holds: asked at every claim.
CREATE INDEX incidents_held ON incidents (unit, holder) WHERE state IN ('CLAIMED', 'HANDLING');

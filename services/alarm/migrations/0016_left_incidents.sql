-- The incidents that the report of a protected caller has left: their other reports name no such caller.
ALTER TABLE receipts ADD COLUMN left_incidents uuid[] NOT NULL DEFAULT '{}';

-- The trace of the call behind each entry, which the terminal's frame carries on.
ALTER TABLE mailbox_entries ADD COLUMN traceparent text NOT NULL DEFAULT '';

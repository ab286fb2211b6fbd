-- The code over the columns of a step, which only the service can make.
ALTER TABLE mailbox_steps ADD COLUMN proof bytea;

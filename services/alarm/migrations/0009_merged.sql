-- A receipt that opened an incident follows another one where its own was merged into that one.
ALTER TABLE receipts DROP CONSTRAINT receipts_check4;  -- opened: its incident has its id

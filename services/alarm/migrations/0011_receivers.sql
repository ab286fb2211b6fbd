-- Who took a report down sees it, also where only some of the unit see an accusation.
ALTER TABLE receipts ADD COLUMN receiver text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE receipts ALTER COLUMN receiver DROP DEFAULT;
UPDATE receipts SET receiver = coalesce(doc #>> '{origin,receiver}', doc ->> 'receiver', '');

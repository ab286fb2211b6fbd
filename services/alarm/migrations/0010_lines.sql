-- Numbers with different extensions are of one line, and perhaps of one house.
ALTER TABLE receipts ADD COLUMN line_index text NOT NULL DEFAULT '';
CREATE INDEX receipts_of_line ON receipts (line_index, receive_time DESC) WHERE line_index <> '';

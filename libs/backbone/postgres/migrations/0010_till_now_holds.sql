-- Reads both tables beside their writers.
ALTER TABLE outcomes VALIDATE CONSTRAINT till_now;
ALTER TABLE journal VALIDATE CONSTRAINT till_now;

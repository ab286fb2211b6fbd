-- Journal and outcomes get a partition for each month (0011). What they hold now becomes the partition
-- of this month and of all time before it, without being written anew: a CHECK, which the next file
-- validates beside the traffic, proves to ATTACH that every row belongs there.
DO $$
DECLARE
    this text := to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMM');
BEGIN
    EXECUTE 'ALTER TABLE outcomes ADD COLUMN month bigint NOT NULL DEFAULT ' || this;
    EXECUTE 'ALTER TABLE outcomes ADD CONSTRAINT till_now CHECK (month <= ' || this || ') NOT VALID';
    -- The month in which a group has last applied an event of the aggregate.
    EXECUTE 'ALTER TABLE inbox ADD COLUMN month bigint NOT NULL DEFAULT ' || this;
END $$;
ALTER TABLE journal ADD CONSTRAINT till_now CHECK (position < 2000000000000000) NOT VALID;

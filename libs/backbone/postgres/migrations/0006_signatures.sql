-- Each row of the journal from here on is signed by the service when the door writes it.
ALTER TABLE journal ADD COLUMN signature bytea NOT NULL DEFAULT '';

-- The moment from which signatures are demanded: rows of the journal up to `since` have none.
-- Records of before it may still lie on topics, unless this schema has never been used.
CREATE TABLE signing (
    since            bigint NOT NULL,
    accepts_unsigned boolean NOT NULL,
    time             timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO signing (since, accepts_unsigned)
SELECT (SELECT coalesce(max(position), 0) FROM journal),
       EXISTS (SELECT FROM replica) OR EXISTS (SELECT FROM journal)
       OR EXISTS (SELECT FROM migrations WHERE time < now() - interval '10 minutes');

-- Where each topic ended at the first start after that moment: only below it a record may be
-- unsigned. Written once.
CREATE TABLE unsigned (
    topic     text NOT NULL,
    partition integer NOT NULL,
    upto      bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

-- What each nightly check of this schema's evidence has found; the last row is the present finding.
CREATE TABLE verifications (
    time  timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
    rows  bigint NOT NULL,
    flaws bigint NOT NULL,
    first text NOT NULL
);

-- The demo city as arrays to draw from: a random number between 0 and 1 becomes a grid, a category.
CREATE SCHEMA IF NOT EXISTS drawn;
CREATE OR REPLACE FUNCTION drawn.skewed(dice double precision, many integer, power double precision)
    RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 1 + least(floor(many * pow(dice, power))::integer, many - 1);
-- Zipf: the n-th of so many is drawn with a likelihood of about 1/n.
CREATE OR REPLACE FUNCTION drawn.zipf(dice double precision, many integer)
    RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(floor(exp(dice * ln(many + 1)))::integer, many);
CREATE OR REPLACE FUNCTION drawn.one_of(dice double precision, VARIADIC words text[])
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN words[1 + floor(dice * cardinality(words))::integer];
-- The first word whose limit is above the dice, else the last one.
CREATE OR REPLACE FUNCTION drawn.weighted(
    dice double precision, words text[], limits double precision[], last text
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (words || last)[1 + width_bucket(dice, limits)];
CREATE OR REPLACE FUNCTION drawn.stamp(at timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

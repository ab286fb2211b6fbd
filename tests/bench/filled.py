"""Tables with years of a city's incidents in them, for benches that ask whether size matters.

The rows are copies of some that the services themselves have just written, with another id, another
code and another time each: so this file knows no column of theirs, and fills the tables of an
earlier commit as well. Filled are incidents and receipts; journals and outcomes are not.
"""

import asyncio
from collections.abc import Sequence

from tests.bench.loops import Loop
from tests.bench.world import World

TABLES = ("workflow.incidents", "alarm.receipts")
TEMPLATES, OPEN = 100, 8  # of a hundred matters eight are open, as in a city of nine million
AT_ONCE = 100_000
MINUTE, MARK = r"\d{4}-\d\d-\d\dT\d\d:\d\d", "@minute@"

COUNT = "SELECT count(*) FROM workflow.incidents"
COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ') AS names,
       string_agg('filled.' || quote_ident(attname), ', ') AS values FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
EMPTY = """
CREATE TEMPORARY TABLE template
(number bigint, is_ahead boolean, id text, code text, body text)
"""
TEMPLATE = """
INSERT INTO template
SELECT nth - 1, nth > {closed} AND {is_incident}, row.id::text, row.code,
       regexp_replace(to_jsonb(row)::text, '{pattern}', '{mark}', 'g')
FROM {table} AS row JOIN unnest($1::uuid[]) WITH ORDINALITY AS given (id, nth) ON given.id = row.id
"""
# Open incidents lie ahead in time, so that none of their clocks runs out while something is
# measured; everything else lies in the year that is past.
COPIES = """
INSERT INTO {table} ({names})
SELECT {values} FROM generate_series($1::bigint, $2::bigint) AS n
JOIN template ON number = n % {templates}
CROSS JOIN LATERAL (
    SELECT now() + (n * 7919 % 525600 + 1440) * CASE WHEN is_ahead THEN 1 ELSE -1 END
                   * interval '1 minute' AS time
) AS meant
CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, replace(replace(replace(body,
    template.id, md5('filled' || n)::uuid::text),
    template.code, left(template.code, 12) || '-' || lpad(n::text, 12, '0') || '-0'),
    '{mark}', to_char(meant.time, 'YYYY-MM-DD"T"HH24:MI'))::jsonb) AS filled
"""


async def fill(world: World, incidents: int, loop: Loop) -> None:
    """Until there are so many incidents, each with its receipt; the loop makes the templates."""
    async with world.connected() as conn:
        there = await conn.fetchval(COUNT)
        if there >= incidents:
            return
        ids = [await loop.finish() for _ in range(TEMPLATES - OPEN)]
        ids += [(await loop.open())[1] for _ in range(OPEN)]
        numbers = range(there, incidents)
        await asyncio.gather(*(copied(world, table, ids, numbers) for table in TABLES))
        await conn.execute("CHECKPOINT")


async def copied(world: World, table: str, ids: Sequence[str], numbers: range) -> None:
    closed, is_incident = TEMPLATES - OPEN, table == TABLES[0]
    given = {"table": table, "mark": MARK, "pattern": MINUTE}
    async with world.connected() as conn:
        schema = table.partition(".")[0]  # where the triggers look for their tables
        await conn.execute(f"SET search_path TO {schema}; SET timezone TO 'UTC'")
        await conn.execute("SET synchronous_commit TO off")
        await conn.execute(EMPTY)
        await conn.execute(TEMPLATE.format(closed=closed, is_incident=is_incident, **given), ids)
        columns = dict(await conn.fetchrow(COLUMNS, table))
        copies = COPIES.format(templates=TEMPLATES, **given, **columns)
        for first in range(numbers.start, numbers.stop, AT_ONCE):
            await conn.execute(copies, first, min(first + AT_ONCE, numbers.stop) - 1)
        await conn.execute(f"VACUUM ANALYZE {table}")

"""Fills a Kafka that has lost the events from the journals, through the relay as ever."""

from collections.abc import Collection

import asyncpg

from backbone.postgres.migrate import schemas
from operate.admin.topics import Declared

# Every event that the topic would still have. The relays send them in the order of the journal, and
# those that a follower knows change nothing there.
MARK = """
INSERT INTO {schema}.unsent
SELECT position FROM {schema}.journal WHERE time > now() - make_interval(days => $1)
ON CONFLICT DO NOTHING
"""
ANY = "SELECT EXISTS (SELECT FROM {schema}.journal)"
# A topic that begins anew has no record of before signatures came.
SIGNED = "UPDATE {schema}.unsigned SET upto = 0 WHERE NOT topic = ANY($1)"
HAS = "SELECT to_regclass($1) IS NOT NULL"


async def mark(dsn: str, declared: Declared, present: Collection[str]) -> dict[str, int]:
    """Mark the events of all missing topics as unsent; return how many by service.

    No relay may be running: it would send new events of a record before its older ones.
    """
    marked: dict[str, int] = {}
    conn = await asyncpg.connect(dsn)
    try:
        if writers := _writers(declared, present):
            for each in schemas():
                await conn.execute(SIGNED.format(schema=each.name), list(present))
        for schema, days in writers.items():
            if await conn.fetchval(HAS, f"{schema}.journal"):
                done = await conn.execute(MARK.format(schema=schema), days)
                marked[schema] = int(done.rpartition(" ")[2])
    finally:
        await conn.close()
    return {schema: count for schema, count in marked.items() if count}


async def lost(dsn: str, declared: Declared, present: Collection[str]) -> list[str]:
    """The missing topics whose events stand in a journal."""
    if not (writers := _writers(declared, present)):
        return []
    conn = await asyncpg.connect(dsn)
    try:
        made = [each for each in writers if await conn.fetchval(HAS, f"{each}.journal")]
        full = [each for each in made if await conn.fetchval(ANY.format(schema=each))]
    finally:
        await conn.close()
    return [
        topic
        for topic, (writer, _) in declared.journalled.items()
        if topic not in present and writer in full
    ]


def _writers(declared: Declared, present: Collection[str]) -> dict[str, int]:
    """The services that write the missing topics, and the days for which these keep events."""
    return {
        writer: days
        for topic, (writer, days) in sorted(declared.journalled.items())
        if topic not in present
    }

"""Fills a Kafka that has lost the events from the journals, through the relay as ever."""

from collections.abc import Collection

import asyncpg

from operate.admin.topics import Declared

# Every event that the topic would still have. The relays send them in the order of the journal, and
# those that a follower knows change nothing there.
MARK = """
INSERT INTO {schema}.unsent
SELECT position FROM {schema}.journal WHERE time > now() - make_interval(days => $1)
ON CONFLICT DO NOTHING
"""
HAS = "SELECT to_regclass($1) IS NOT NULL"


async def mark(dsn: str, declared: Declared, present: Collection[str]) -> dict[str, int]:
    """Mark the events of all missing topics as unsent; return how many by service.

    No relay may be running: it would send new events of a record before its older ones.
    """
    writers = {
        writer: days
        for topic, (writer, days) in declared.journalled.items()
        if topic not in present
    }
    marked: dict[str, int] = {}
    conn = await asyncpg.connect(dsn)
    try:
        for schema, days in sorted(writers.items()):
            if await conn.fetchval(HAS, f"{schema}.journal"):
                done = await conn.execute(MARK.format(schema=schema), days)
                marked[schema] = int(done.rpartition(" ")[2])
    finally:
        await conn.close()
    return {schema: count for schema, count in marked.items() if count}

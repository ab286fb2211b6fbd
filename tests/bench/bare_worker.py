"""The bare loop's own process: `python -m tests.bench.bare_worker reply|copy BROKERS DSN`."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tests.bench.bare import ANSWERED, ASKED

MOST = 200
STATE = """
INSERT INTO public.bench_state SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body
"""
JOURNAL = (
    "INSERT INTO public.bench_journal (id, body) SELECT * FROM unnest($1::text[], $2::bytea[])"
)


async def main(how: str, brokers: str, dsn: str) -> None:
    consumer = AIOKafkaConsumer(
        ASKED, bootstrap_servers=brokers, group_id=f"bench.{how}", enable_auto_commit=False,
        auto_offset_reset="latest",
    )  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=brokers, acks="all", linger_ms=0)
    conn = await asyncpg.connect(dsn)
    async with consumer, producer:
        await settled(consumer)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        write = copied if how == "copy" else stored
        while True:
            found = await consumer.getmany(timeout_ms=1_000, max_records=MOST)
            records = [record for batch in found.values() for record in batch]
            if records:
                await write(conn, records)
                await consumer.commit()
                if how == "reply":
                    await reply(producer, records)


async def settled(consumer: AIOKafkaConsumer) -> None:
    """Return when the partitions are assigned and every position is at the end."""
    while not consumer.assignment():
        await consumer.getmany(timeout_ms=50)
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    await consumer.commit()


async def stored(conn: Any, records: Sequence[Any]) -> None:
    """One transaction: the state and a journal row of each, the last of each key wins."""
    last = {record.key.decode(): record.value for record in records}
    async with conn.transaction():
        await conn.execute(STATE, list(last), list(last.values()))
        await conn.execute(
            JOURNAL, [record.key.decode() for record in records], [r.value for r in records]
        )


async def copied(conn: Any, records: Sequence[Any]) -> None:
    rows = [(record.key.decode(), record.value) for record in records]
    await conn.copy_records_to_table(
        "bench_journal", schema_name="public", records=rows, columns=("id", "body")
    )


async def reply(producer: AIOKafkaProducer, records: Sequence[Any]) -> None:
    sent = [await producer.send(ANSWERED, b"done", key=record.key) for record in records]
    await asyncio.gather(*sent)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))

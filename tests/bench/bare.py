"""The raw limit: the same bytes through Kafka and Postgres by the barest loop that is durable.

The worker is a process of its own, as ours is: an aiokafka consumer, one Postgres transaction for
each batch, a reply topic. The caller waits in this process, as a front does.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from tests.bench.world import Command, World

ASKED, ANSWERED = "bench.bare.commands", "bench.bare.replies"
TABLE = """
CREATE UNLOGGED TABLE IF NOT EXISTS public.bench_ready (at timestamptz);
CREATE TABLE IF NOT EXISTS public.bench_state (id text PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE IF NOT EXISTS public.bench_journal (
    position bigint GENERATED ALWAYS AS IDENTITY, id text NOT NULL, body bytea NOT NULL
);
"""
DROP = "DROP TABLE IF EXISTS public.bench_ready, public.bench_state, public.bench_journal"
WRITTEN = "SELECT count(*) FROM public.bench_journal"


class Bare:
    """Asks the bare worker, and waits for its replies."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._waiting: dict[bytes, asyncio.Future[None]] = {}

    async def ask(self, value: bytes) -> None:
        """One round trip: produced with acks=all, written, replied."""
        key = uuid4().hex.encode()
        answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        await self._producer.send_and_wait(ASKED, value, key=key)
        await answer

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            waiting = self._waiting.pop(record.key, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)


@asynccontextmanager
async def prepared(world: World) -> AsyncIterator[Any]:
    """Topics and tables of the bare loops; the tables are gone afterwards."""
    admin = AIOKafkaAdminClient(bootstrap_servers=world.brokers)
    await admin.start()
    with suppress(TopicAlreadyExistsError):
        await admin.create_topics([NewTopic(name, 8, 1) for name in (ASKED, ANSWERED)])
    await admin.close()
    async with world.connected() as conn:
        await conn.execute(DROP)
        await conn.execute(TABLE)
        try:
            yield conn
        finally:
            await conn.execute(DROP)


@asynccontextmanager
async def worker(world: World, how: str) -> AsyncIterator[None]:
    """The other process, once it has its partitions."""
    arguments = [
        sys.executable,
        "-m",
        "tests.bench.bare_worker",
        how,
        str(world.brokers),
        world.admin_dsn,
    ]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError("the bare worker did not start")
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def round_trips(world: World) -> AsyncIterator[Bare]:
    """A caller with a warm worker behind it."""
    producer = AIOKafkaProducer(
        bootstrap_servers=world.brokers, acks="all", enable_idempotence=True, linger_ms=0
    )
    consumer = AIOKafkaConsumer(ANSWERED, bootstrap_servers=world.brokers, fetch_max_wait_ms=50)
    async with prepared(world), worker(world, "reply"), producer, consumer:
        bare = Bare(producer)
        listening = asyncio.create_task(bare.listen(consumer))
        await consumer.seek_to_end()
        await asyncio.wait_for(bare.ask(b"first"), 20)
        try:
            yield bare
        finally:
            listening.cancel()


async def drained(world: World, records: Sequence[Command]) -> float:
    """Seconds in which the bare loop takes all of them off Kafka and copies them into Postgres."""
    loop = asyncio.get_running_loop()
    async with prepared(world) as conn, worker(world, "copy"):
        producer = AIOKafkaProducer(bootstrap_servers=world.brokers, acks="all", linger_ms=0)
        start = loop.time()
        async with producer:
            sent = [
                await producer.send(ASKED, each.value, key=each.incident.encode())
                for each in records
            ]
            await asyncio.gather(*sent)
            while await conn.fetchval(WRITTEN) < len(records):
                await asyncio.sleep(0.02)
        return loop.time() - start

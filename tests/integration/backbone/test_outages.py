"""Kafka goes and comes back; connections to Postgres only seem to be open."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka.errors import KafkaError
from prometheus_client import REGISTRY

from backbone.door.carrying import CHANNEL
from backbone.door.door import Door
from backbone.door.notices import Waiting
from backbone.kafka.producer import Publisher
from backbone.postgres.pool import Pool, connect, is_transient, open_pool, transaction
from backbone.process.pulse import Pulse
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.installation import Installation
from tests.integration.backbone.test_publisher import refused_at_once
from tests.ledger.building import CARRIER, a_claim, a_relay, notes, written
from tests.ledger.consuming import an_event, make_bench
from tests.proxy import proxied
from tests.servers import Broker
from tests.topics import make_topic, read

PATIENCE = 30


@asynccontextmanager
async def running(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(loop()) for loop in loops]
    try:
        yield
        assert not [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until(true: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not await true():
            await asyncio.sleep(0.05)


async def test_kafka_goes_and_comes_back(
    database: Installation, pool: Pool, door: Door, broker: Broker
) -> None:
    """Nothing dies, nothing is held up, nothing is lost, and the age of what waits is told."""
    bench = await make_bench(broker, pool, door)
    topic, pulse, publisher = await make_topic(broker), Pulse(patience=16), bench.publisher
    bench.pulse = pulse
    relay = a_relay(database.url(), broker.address, topic, pulse)
    source, note_id = uuid4(), await written(door)

    async def nothing_unsent() -> bool:
        return not await pool.fetchval("SELECT count(*) FROM unsent")

    async with bench.running(), running(relay.run):
        await bench.publish(an_event(source, 1))
        await bench.noted(source, 1)
        await until(nothing_unsent)
        broker.stop()
        try:
            await door.perform([a_claim(note_id)])
            await asyncio.gather(given_up(publisher, topic), alive(pulse, seconds=13))
            refused_at_once(publisher, topic)
            assert relay.age() > 5
            told = REGISTRY.get_sample_value("liandong_unsent_age_seconds", {"schema": "ledger"})
            assert told is not None and told > 5
        finally:
            broker.start()
            await broker.started()
        await bench.publish(an_event(source, 2))
        await bench.noted(source, 2)
        await until(nothing_unsent)
        await until(lambda: is_sent(publisher, topic))
    sent = [record for record in await read(broker, topic, 3) if record.key != b"k"]
    assert {IncidentEvent.FromString(record.value).meta.version for record in sent} >= {1, 2}


async def given_up(publisher: Publisher, topic: str) -> None:
    """Callers that wait no longer, as the hedge does: an idempotent producer never says no."""
    for _ in range(5):
        with pytest.raises((TimeoutError, KafkaError)):
            async with asyncio.timeout(0.2):
                await publisher.publish(topic, b"k", b"lost?")


async def alive(pulse: Pulse, seconds: float) -> None:
    for _ in range(round(seconds * 2)):
        await asyncio.sleep(0.5)
        assert pulse.dead() == []


async def is_sent(publisher: Publisher, topic: str) -> bool:
    try:
        await publisher.publish(topic, b"k", b"here again")
    except KafkaError:
        return False
    return True


async def test_connections_that_only_seem_to_be_open_are_given_up(
    database: Installation, pool: Pool, door: Door, broker: Broker
) -> None:
    """The door, the relay and who listens notice by themselves and take other connections."""
    await broker.started()
    topic, pulse = await make_topic(broker), Pulse(patience=16)
    async with proxied(database.url()) as (proxy, dsn), await open_pool(dsn, "ledger") as far:
        relay = a_relay(dsn, broker.address, topic, pulse)
        channel, listen = f"{CHANNEL}{uuid4().hex}", partial(connect, dsn, "ledger")
        heard = Waiting(door.find, CARRIER, listen, channel, pulse)
        async with running(relay.run, heard.run):
            note_id = await written(Door(far, [notes]))
            await until(lambda: none_unsent(pool))
            await hears(door, heard, note_id)
            await use_all(far)
            proxy.swallow()
            asyncio.get_running_loop().call_later(3, proxy.keepalives_fail)
            await asyncio.gather(gives_up(Door(far, [notes]), note_id), hears(door, heard, note_id))
            await until(lambda: none_unsent(pool))
            assert pulse.dead() == []
        far.terminate()


async def test_a_session_that_postgres_ends_hides_no_cancellation(
    pool: Pool, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """The pool takes the connection away at once; the roll back afterwards must not say so."""
    for told in (asyncio.CancelledError(), TimeoutError(), ValueError()):
        with pytest.raises(type(told)):
            await _ended_meanwhile(pool, admin, told)
    assert await pool.fetchval("SELECT 1") == 1


async def _ended_meanwhile(
    pool: Pool, admin: "asyncpg.Connection[asyncpg.Record]", told: BaseException
) -> None:
    async with transaction(pool) as conn:
        number = await conn.fetchval("SELECT pg_backend_pid()")

        async def is_taken() -> bool:
            try:
                return conn.is_closed()
            except asyncpg.InterfaceError:
                return True

        await admin.execute("SELECT pg_terminate_backend($1, 5000)", number)
        await until(is_taken)
        raise told


async def use_all(pool: Pool) -> None:
    """As after a busy minute: one that hangs must not be followed by the next."""
    for conn in [await pool.acquire() for _ in range(pool.get_max_size())]:
        await pool.release(conn)


async def none_unsent(pool: Pool) -> bool:
    return not await pool.fetchval("SELECT count(*) FROM unsent")


async def gives_up(far: Door, note_id: UUID) -> None:
    claim, started = a_claim(note_id, "far"), time.monotonic()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the next line says which
        await far.perform([claim])
    assert is_transient(caught.value)
    assert time.monotonic() - started < 10, "well before the service counts as dead"
    [outcome] = await far.perform([claim])
    assert outcome.reason == ""


async def hears(door: Door, heard: Waiting, note_id: UUID) -> None:
    """A request is finished, and its front is told until it has heard."""
    request = a_claim(uuid4(), front=heard.channel)
    await door.perform([request])
    with heard.outcome_of(request.request_id) as answer:
        async with asyncio.timeout(20):
            while not answer.done():
                await door.perform([request])
                await asyncio.sleep(0.05)
        assert (await answer).reason == "NO_SUCH_NOTE"

"""GET /v1/changes over a real server and a real Kafka: filtered, resumed, reset, never held up."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from backbone.kafka.producer import dead_topic
from backbone.process.keyring import Keyring
from backbone.process.metrics import DEAD_LETTERS, FORGED
from backbone.process.pulse import Pulse
from backbone.process.signing import Signatures
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1 import incident_events_pb2 as events
from operate.admin.deadletters import read_dead
from services.gateway.live import feed
from services.gateway.wiring import run
from tests.gateway import HOST, PASSWORD, SIGNERS, STATION, settings_for
from tests.servers import PLAIN, Broker, free_port
from tests.signing import KEYS, signed

TOPIC = "liandong.incident.events.v1"


@dataclass
class Seen:
    """The events of one stream, as an EventSource would hand them out."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last_id: str = ""
    comments: int = 0

    async def read(self, lines: AsyncIterator[str]) -> None:
        event = ""
        async for line in lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                event = value
            elif name == "data":
                self.events.append((event, json.loads(value)))
            elif line.startswith(":"):
                self.comments += 1

    async def until(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        async with asyncio.timeout(20):
            while len(self.events) < count:
                await asyncio.sleep(0.02)
        return self.events


@pytest.fixture
async def topics(broker: Broker) -> str:
    await broker.started()
    await make_anew(broker)
    return broker.address


async def make_anew(broker: Broker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    names = [f"liandong.{source}.events.v1" for source in feed.EVENTS]
    names += [dead_topic(name, feed.GROUP) for name in names]
    await admin.delete_topics([name for name in names if name in await admin.list_topics()])
    while set(names) & set(await admin.list_topics()):
        await asyncio.sleep(0.1)
    await admin.create_topics([NewTopic(name, 4, 1) for name in names])
    await admin.close()


@pytest.fixture
async def gateway(topics: str, gateway_database: str) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(topics, gateway_database) as http:
        yield http


@asynccontextmanager
async def serving(topics: str, gateway_database: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(
        gateway_database, {"LIANDONG_GATEWAY_HEARTBEAT_SECONDS": "0.5"}, topics, free_port()
    )
    running = asyncio.create_task(run(settings, Pulse()))
    url = f"http://{HOST}:{settings.port}"
    async with httpx.AsyncClient(base_url=url, timeout=30, verify=PLAIN) as http:
        await answers(http)
        yield http
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def answers(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            with suppress(httpx.TransportError):
                if (await http.get("/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


# All services have the same key here.
EVERY = Signatures("workflow", Keyring((bytes(32),)), SIGNERS)


async def sign_in(http: httpx.AsyncClient, user: str) -> dict[str, str]:
    answer = await http.post("/v1/sessions", json={"user": user, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@asynccontextmanager
async def stream(
    http: httpx.AsyncClient, headers: dict[str, str], after: str | None = None
) -> AsyncIterator[Seen]:
    more = {} if after is None else {"Last-Event-ID": after}
    async with http.stream("GET", "/v1/changes", headers=headers | more) as answer:
        assert answer.status_code == 200
        seen = Seen()
        reading = asyncio.create_task(seen.read(answer.aiter_lines()))
        async with asyncio.timeout(20):
            while not seen.last_id:
                await asyncio.sleep(0.02)
        yield seen
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


def an_event(number: int, unit: str = STATION) -> bytes:
    meta = Meta(
        aggregate_id=f"i-{number}",
        version=number,
        audience=[unit],
        area="990101001",
        source="ALARM",
    )
    return events.IncidentEvent(meta=meta, claimed=events.IncidentClaimed()).SerializeToString()


async def publish(brokers: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        for value in values:
            headers = signed(TOPIC, value[:20], value, by=EVERY)
            await producer.send_and_wait(TOPIC, value, key=value[:20], headers=headers)


async def test_each_sees_what_concerns_him_and_resumes_where_he_was(
    gateway: httpx.AsyncClient, topics: str
) -> None:
    li, zhao = await sign_in(gateway, "li"), await sign_in(gateway, "zhao")
    async with stream(gateway, li) as clerk, stream(gateway, zhao) as dispatcher:
        await publish(topics, an_event(1), an_event(2, unit="990102001-police"), an_event(3))
        await dispatcher.until(3)
        # They are of different partitions, which are read in any order.
        kinds = {(event, change["kind"], change["id"]) for event, change in await clerk.until(2)}
        assert kinds == {("change", "IncidentClaimed", "i-1"), ("change", "IncidentClaimed", "i-3")}
        await asyncio.sleep(1.2)
        assert clerk.comments >= 1 and len(clerk.events) == 2
    await publish(topics, an_event(4), b"\xff poison", events.IncidentEvent().SerializeToString())
    await publish(topics, an_event(5))
    async with stream(gateway, li, clerk.last_id) as resumed:
        assert {change["id"] for _, change in await resumed.until(2)} == {"i-4", "i-5"}


async def test_what_nobody_can_read_is_put_aside_and_holds_nobody_up(
    gateway: httpx.AsyncClient, topics: str
) -> None:
    """The gateway must bury bad records of missions: no other service follows them."""
    missions = "liandong.emergency.events.v1"
    li = await sign_in(gateway, "li")
    async with stream(gateway, li) as seen, asyncio.timeout(5):
        async with AIOKafkaProducer(bootstrap_servers=topics) as producer:
            for value in (b"\xff poison", b""):
                headers = signed(missions, b"k", value, by=EVERY)
                await producer.send_and_wait(missions, value, key=b"k", headers=headers)
        await publish(topics, an_event(1))
        await seen.until(1)
        while len(letters := await read_dead(topics, KEYS)) < 2:
            await asyncio.sleep(0.1)
    assert {(letter.topic, letter.value) for letter in letters} == {
        (missions, b"\xff poison"),
        (missions, b""),
    }
    assert {letter.service for letter in letters} == {"gateway"}


async def test_what_is_forged_rings_once_however_often_a_gateway_starts(
    topics: str, gateway_database: str
) -> None:
    """Each start reads the end of the log again."""
    met, dead = FORGED.labels("record", feed.GROUP)._value, DEAD_LETTERS.labels(feed.GROUP)._value
    before, buried = met.get(), dead.get()
    async with (
        serving(topics, gateway_database) as gateway,
        stream(gateway, await sign_in(gateway, "li")) as seen,
    ):
        await publish(topics, an_event(0))
        await seen.until(1)  # it follows
        async with AIOKafkaProducer(bootstrap_servers=topics) as producer:
            await producer.send_and_wait(TOPIC, an_event(1), key=b"i-1")
        async with asyncio.timeout(20):
            while met.get() == before:
                await asyncio.sleep(0.1)
    async with (
        serving(topics, gateway_database) as gateway,
        stream(gateway, await sign_in(gateway, "li")) as seen,
    ):
        await publish(topics, an_event(2))
        async with asyncio.timeout(20):  # what it reads again may come before it, or did before
            while "i-2" not in {change["id"] for _, change in seen.events}:
                await asyncio.sleep(0.02)
    assert (met.get(), dead.get()) == (before + 1, buried + 1)
    assert {letter.reason for letter in await read_dead(topics, KEYS) or ()} == {
        "UNREADABLE: FORGED: it is not signed"
    }


async def test_what_cannot_be_resumed_is_reset_once(
    gateway: httpx.AsyncClient, topics: str, broker: Broker
) -> None:
    li = await sign_in(gateway, "li")
    async with stream(gateway, li, "41") as foreign:
        assert await foreign.until(1) == [("reset", {})]
        await publish(topics, an_event(1))
        await foreign.until(2)
    async with stream(gateway, li, foreign.last_id) as again:
        await publish(topics, an_event(2))
        assert [event for event, _ in await again.until(1)] == ["change"]


async def test_streams_survive_a_stopped_kafka(
    gateway: httpx.AsyncClient, topics: str, broker: Broker
) -> None:
    li = await sign_in(gateway, "li")
    async with stream(gateway, li) as seen:
        await publish(topics, an_event(1))
        await seen.until(1)
        broker.stop()
        await asyncio.sleep(1)
        assert (await gateway.get("/v1/sessions/current", headers=li)).status_code == 200
        broker.start()
        await broker.started()
        await publish(topics, an_event(2))
        assert [change["id"] for _, change in await seen.until(2)] == ["i-1", "i-2"]


async def test_a_stream_needs_a_token(gateway: httpx.AsyncClient) -> None:
    # The stream that is let in also waits until the feed follows: aiokafka loses a connection that
    # is cancelled while it begins.
    async with stream(gateway, await sign_in(gateway, "li")):
        assert (await gateway.get("/v1/changes")).status_code == 401

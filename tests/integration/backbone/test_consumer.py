"""Consumers with real Kafka and Postgres: repeats, gaps, parking, replay, poison, outages."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from msgspec.structs import replace

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.kafka.consumer import Consumer
from backbone.kafka.inbox import LINKS, Inbox
from backbone.kafka.poison import MOST_POISONS
from backbone.kafka.producer import is_passing
from backbone.kafka.stall import ConsumerStuckError, Progress
from backbone.kafka.subscription import Handler, Subscription
from backbone.kafka.unparking import run_unparking
from backbone.postgres.pool import Pool
from backbone.process.clock import HostClock
from backbone.process.keyring import Keyring
from backbone.process.metrics import GAPS, LINKS_REFUSED, STOPPED
from backbone.process.pulse import Pulse
from backbone.shell import links
from backbone.shell.standing import compare_clocks, watch_standing
from backbone.words.actor import Actor
from backbone.words.errors import NotFound, Unavailable
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.operations.v1 import operations_service_pb2 as pb
from liandong.operations.v1.operations_service_pb2_grpc import OperationsServiceStub
from tests.installation import Installation
from tests.ledger.building import a_request
from tests.ledger.consuming import (
    GROUP,
    STRANGE,
    Bench,
    Handling,
    Trusting,
    an_event,
    make_bench,
)
from tests.ledger.domain import Command, Write
from tests.ledger.serving import TOKEN, a_ledger, ledger_settings
from tests.servers import Broker, running_task
from tests.topics import headers_of, make_topic, publish, read


@pytest.fixture
async def bench(broker: Broker, pool: Pool, door: Door) -> Bench:
    return await make_bench(broker, pool, door)


PARKED = "SELECT count(*) FROM parked"
OF_AN_OLD_PROCESS = """
UPDATE parked SET reason = CASE version WHEN 1 THEN 'UNKNOWN_KIND' ELSE 'BEHIND_ANOTHER' END
WHERE aggregate_id = $1
"""


async def test_repeats_change_nothing_and_a_gap_is_counted(bench: Bench) -> None:
    source = uuid4()
    before = GAPS.labels(GROUP)._value.get()
    first, second, fifth = (an_event(source, version) for version in (1, 2, 5))
    async with bench.running():
        await bench.publish(first, second, first, second, second, fifth, second)
        await bench.noted(source, 5)
        await bench.publish(an_event(source, 6))
        await bench.noted(source, 6)
    short = str(source)[:4]
    assert bench.handling.seen == [f"{short}@{version}" for version in (1, 2, 5, 6)]
    assert await bench.pool.fetchval("SELECT count(*) FROM journal") == 1
    assert GAPS.labels(GROUP)._value.get() == before + 1


async def test_offsets_are_committed_so_that_the_next_worker_goes_on(
    bench: Bench, pool: Pool, door: Door
) -> None:
    one, other = uuid4(), uuid4()
    async with bench.running():
        await bench.publish(an_event(one, 1))
        await bench.noted(one, 1)
    await bench.publish(an_event(other, 1))
    bench.handling.seen.clear()
    async with bench.running():
        await bench.noted(other, 1)
    assert bench.handling.seen == [f"{str(other)[:4]}@1"]


async def test_what_cannot_be_applied_parks_its_aggregate_and_only_that(bench: Bench) -> None:
    bad, good = uuid4(), uuid4()
    bench.handling.broken.add(bad)
    async with bench.running():
        await bench.publish(*(an_event(each, v) for v in (1, 2, 3) for each in (bad, good)))
        await bench.noted(good, 3)
        await bench.until(PARKED, 3)
        rows = await bench.pool.fetch("SELECT version, reason FROM parked ORDER BY version")
        assert [row["version"] for row in rows] == [1, 2, 3]
        assert [row["reason"] for row in rows][1:] == ["BEHIND_ANOTHER"] * 2
        assert "a bug of ours" in rows[0]["reason"]
        assert await bench.consumer.replay(bad) == (0, 3)
        bench.handling.broken.clear()
        bench.handling.seen.clear()
        assert await bench.consumer.replay(bad) == (3, 0)
        await bench.publish(an_event(bad, 4))
        await bench.noted(bad, 4)
    assert bench.handling.seen == [f"{str(bad)[:4]}@{version}" for version in (1, 2, 3, 4)]


async def test_replay_stops_at_the_one_that_still_fails(bench: Bench, door: Door) -> None:
    source = uuid4()
    bench.handling.broken.add(source)
    async with bench.running():
        await bench.publish(an_event(source, 1), an_event(source, 2, "voided"), an_event(source, 3))
        await bench.until(PARKED, 3)
        bench.handling.broken.clear()
        assert await bench.consumer.replay(source) == (1, 2)
        assert await bench.pool.fetchval("SELECT count(*) FROM outcomes") == 1, "no bug is stored"


async def test_events_that_arrive_while_others_are_replayed_keep_their_order(
    bench: Bench,
) -> None:
    source = uuid4()
    bench.handling.broken.add(source)
    async with bench.running():
        await bench.publish(*(an_event(source, version) for version in range(1, 40)))
        await bench.until(PARKED, 39)
        bench.handling.broken.clear()
        bench.handling.seen.clear()
        more = bench.publish(*(an_event(source, version) for version in range(40, 80)))
        await asyncio.gather(bench.consumer.replay(source), bench.consumer.replay(source), more)
        await bench.noted(source, 79)
        assert await bench.pool.fetchval(PARKED) == 0
    assert bench.handling.seen == [f"{str(source)[:4]}@{version}" for version in range(1, 80)]


async def test_poison_is_put_aside_within_five_seconds_and_stops_nothing(bench: Bench) -> None:
    good, nobody = uuid4(), uuid4()
    no_version = an_event(nobody, 0)
    unreadable = [(b"k", b"\xff no event"), (b"k", None), (b"k", b""), no_version]
    async with bench.running():
        async with asyncio.timeout(5):
            await bench.publish(*unreadable, an_event(good, 1))
            await bench.noted(good, 1)
            dead = await read(bench.broker, f"{bench.topic}.{GROUP}.dead", 4)
    assert [letter.value for letter in dead] == [b"\xff no event", b"", b"", no_version[1]]
    headers = headers_of(dead[0])
    assert (headers["liandong-topic"], headers["liandong-offset"]) == (bench.topic, "0")
    assert "DecodeError" in headers["liandong-reason"]


async def test_a_kind_from_a_newer_producer_is_ignored_or_parked(
    bench: Bench, broker: Broker, pool: Pool, door: Door
) -> None:
    source = uuid4()
    async with bench.running():
        await bench.publish(an_event(source, 1, ""), an_event(source, 2))
        await bench.noted(source, 2)
        assert await pool.fetchval(PARKED) == 0
    strict = await make_bench(broker, pool, door, parks_unknown=True)
    other = uuid4()
    async with strict.running():
        await strict.publish(an_event(other, 1, ""), an_event(other, 2))
        await strict.until(PARKED, 2)
        assert await strict.consumer.replay(other) == (0, 2), "it is still unknown here"


async def test_what_the_release_before_did_not_know_is_applied_by_this_one(bench: Bench) -> None:
    source, other = uuid4(), uuid4()
    bench.handling.broken |= {source, other}
    async with bench.running():
        await bench.publish(*(an_event(source, version) for version in (1, 2, 3)))
        await bench.publish(an_event(other, 1))
        await bench.until(PARKED, 4)
        bench.handling.broken.clear()
        # As the old process leaves it, which knows no such kind.
        await bench.pool.execute(OF_AN_OLD_PROCESS, source)
        looking = run_unparking(bench.pool, bench.subscription, bench.consumer.replay, Pulse())
        async with running_task(looking):
            await bench.noted(source, 3)
        assert await bench.pool.fetchval(PARKED) == 1, "that one waits for a person"


async def test_a_refused_link_is_a_task_that_stays_visible(bench: Bench) -> None:
    source = uuid4()
    async with bench.running():
        await bench.publish(an_event(source, 1, "claimed"), an_event(source, 2))
        await bench.noted(source, 2)
    [row] = await bench.pool.fetch("SELECT * FROM refused_links")
    assert (row["consumer"], row["reason"], row["settle_time"]) == (GROUP, "NO_SUCH_NOTE", None)


async def test_those_concerned_see_a_refused_link_until_one_of_them_settles_it(
    bench: Bench, door: Door
) -> None:
    source = uuid4()
    key, value = an_event(source, 1, "claimed")
    event = IncidentEvent.FromString(value)
    event.meta.correlation_id = str(source)
    event.meta.audience.append("desk-a")
    event.meta.area = "990101001"
    async with bench.running():
        await bench.publish((key, event.SerializeToString()))
        await bench.noted(source, 1)
    clerk, watcher = Actor("li", "desk-a", "clerk"), Actor("wu", "", "dispatcher", "990101")
    stranger = Actor("zhou", "desk-b", "dispatcher", "990102")

    coded = door.rows.coded(LINKS)

    async def open_to(actor: Actor, **after: Any) -> list[pb.RefusedLink]:
        request = pb.ListRefusedLinksRequest(**after)
        found = await links.page(bench.pool, coded, request, actor)
        return [each for each in found if each.matter == str(source)]

    [seen] = await open_to(clerk)
    assert (seen.unit, seen.reason, seen.group) == ("desk-a", "NO_SUCH_NOTE", GROUP)
    assert await open_to(watcher) == [seen] and not await open_to(stranger)
    assert not await open_to(clerk, after_time=seen.time, after_event=seen.event_id)
    done = pb.SettleRefusedLinkRequest(
        event_id=seen.event_id, aggregate_id=seen.aggregate_id, note="核对过"
    )
    with pytest.raises(NotFound):
        await links.settle(bench.pool, coded, done, stranger)
    for actor in (watcher, clerk):  # a repeat keeps the first word
        await links.settle(bench.pool, coded, done, actor)
    assert not await open_to(clerk)
    who = "SELECT settled_by FROM refused_links WHERE matter = $1"
    assert await bench.pool.fetchval(who, str(source)) == "wu"


def a_refusal() -> Outcome:
    return Outcome(uuid4(), "", uuid4(), 0, "NO_SUCH_NOTE", "NotFound", {}, datetime.now(UTC))


@pytest.mark.parametrize(
    "forgery",
    [
        "reason = 'NOTHING'",
        "audience = array_append(audience, 'desk-b')",
        "area = '990102001'",
        "matter = gen_random_uuid()::text",
        "source = 'CARE'",
        "proof = NULL",
        "settle_time = now(), settled_by = 'li', note = 'x'",
    ],
)
async def test_a_link_that_was_changed_by_hand_is_not_shown(
    bench: Bench, admin: "asyncpg.Connection[Any]", forgery: str
) -> None:
    """Neither to those concerned nor to those whom it was widened to; it hides no other link."""
    codes = Codes(Keyring((bytes(32),)), "ledger")
    coded, clerk = CodedRows(codes, LINKS), Actor("li", "desk-a", "clerk")
    inbox = Inbox(GROUP, coded)
    events = [Meta(event_id=str(uuid4()), source="ALARM", audience=["desk-a"]) for _ in range(3)]
    async with bench.pool.acquire() as conn, conn.transaction():
        for meta in events:
            refused = a_refusal()
            await inbox.refused(conn, meta, refused)

    async def seen_by(actor: Actor, size: int) -> list[str]:
        request = pb.ListRefusedLinksRequest(page_size=size)
        found = await links.page(bench.pool, coded, request, actor)
        return [each.event_id for each in found]

    first, *others = (each.event_id for each in events)
    assert await seen_by(clerk, 50) == [first, *others]
    assert [each async for each in coded.forged(admin)] == []
    await admin.execute(f"UPDATE refused_links SET {forgery} WHERE event_id = $1", UUID(first))
    assert await seen_by(clerk, 2) == others
    assert await seen_by(Actor("zhou", "desk-b", "dispatcher", "990102"), 50) == []
    row = await admin.fetchrow("SELECT * FROM refused_links WHERE event_id = $1", UUID(first))
    assert [each async for each in coded.forged(admin)] == [LINKS.where(row)]
    done = pb.SettleRefusedLinkRequest(
        event_id=first, aggregate_id=str(row["aggregate_id"]), note="x"
    )
    with pytest.raises(NotFound):
        await links.settle(bench.pool, coded, done, clerk)


async def test_a_link_of_before_gets_its_code_as_long_as_it_may_be_without(
    bench: Bench, admin: "asyncpg.Connection[Any]"
) -> None:
    coded = CodedRows(Codes(Keyring((bytes(32),)), "ledger"), LINKS)
    meta = Meta(event_id=str(uuid4()), source="ALARM", audience=["desk-a"])
    async with bench.pool.acquire() as conn:
        refused = a_refusal()
        await Inbox(GROUP).refused(conn, meta, refused)
    request, clerk = pb.ListRefusedLinksRequest(), Actor("li", "desk-a", "clerk")
    assert not await links.page(bench.pool, coded, request, clerk)
    await admin.execute("UPDATE uncoded SET until = now() + interval '1 hour'")
    assert await links.page(bench.pool, coded, request, clerk)
    async with running_task(coded.code_those_of_before(bench.pool, Pulse())), asyncio.timeout(5):
        while await admin.fetchval("SELECT count(*) FROM refused_links WHERE proof IS NULL"):
            await asyncio.sleep(0.02)
    await admin.execute("UPDATE uncoded SET until = now()")
    assert await links.page(bench.pool, coded, request, clerk)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await bench.pool.execute("UPDATE uncoded SET until = now() + interval '9 years'")


async def test_an_outage_of_the_database_is_waited_for_in_place(
    bench: Bench, admin: "asyncpg.Connection[Any]"
) -> None:
    source = uuid4()
    async with bench.running():
        await bench.publish(an_event(source, 1))
        await bench.noted(source, 1)
        await admin.execute("ALTER ROLE liandong_ledger CONNECTION LIMIT 0")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"
        await admin.execute(cut, "liandong_ledger")
        await bench.publish(an_event(source, 2), an_event(source, 3))
        await asyncio.sleep(1.5)
        await admin.execute("ALTER ROLE liandong_ledger CONNECTION LIMIT -1")
        await bench.noted(source, 3)
    assert [seen[-1] for seen in bench.handling.seen] == ["1", "2", "3"]


async def test_what_nobody_can_say_yet_is_waited_for_in_place(bench: Bench) -> None:
    source = uuid4()
    bench.handling.away = True
    async with bench.running():
        await bench.publish(an_event(source, 1))
        await asyncio.sleep(1)
        bench.handling.away = False
        await bench.noted(source, 1)
        assert await bench.pool.fetchval(PARKED) == 0


async def test_a_row_of_a_newer_shape_is_waited_for_in_place(
    bench: Bench, door: Door, admin: "asyncpg.Connection[Any]"
) -> None:
    """Neither parked nor dropped nor a refused link: the next release will apply it."""
    source, other = uuid4(), uuid4()
    await door.perform([a_request(source, Write(source))])
    await admin.execute("UPDATE notes SET shape = 2")
    refused = LINKS_REFUSED.labels(GROUP)._value
    before = refused.get()
    async with bench.running():
        await bench.publish(an_event(source, 2, "claimed"), an_event(other, 1))
        async with asyncio.timeout(20):
            while len(bench.handling.seen) < 2:
                await asyncio.sleep(0.05)
        noted = "SELECT count(*) FROM inbox WHERE aggregate_id = $1"
        assert await bench.pool.fetchval(noted, source) == 0
        await admin.execute("UPDATE notes SET shape = 1")
        await bench.noted(source, 2)
        await bench.noted(other, 1)
    for table in ("parked", "refused_links"):
        assert await bench.pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert refused.get() == before
    assert await bench.pool.fetchval("SELECT version FROM notes WHERE id = $1", source) == 2


async def test_a_parked_event_that_meets_a_newer_shape_stays_parked(
    bench: Bench, door: Door, admin: "asyncpg.Connection[Any]"
) -> None:
    source = uuid4()
    await door.perform([a_request(source, Write(source))])
    bench.handling.broken.add(source)
    async with bench.running():
        await bench.publish(an_event(source, 2, "claimed"))
        await bench.until(PARKED, 1)
        bench.handling.broken.clear()
        await admin.execute("UPDATE notes SET shape = 2")
        with pytest.raises(Unavailable, match="NEWER_SHAPE"):
            await bench.consumer.replay(source)
        assert await bench.pool.fetchval(PARKED) == 1
        await admin.execute("UPDATE notes SET shape = 1")
        assert await bench.consumer.replay(source) == (1, 0)


async def test_a_bad_deploy_does_not_drain_the_topic_into_the_dead_letters(bench: Bench) -> None:
    sources = [uuid4() for _ in range(60)]
    bench.handling.broken.update(sources)
    async with bench.running():
        await bench.publish(*(an_event(source, 1) for source in sources[:30]))
        async with asyncio.timeout(20):
            while not STOPPED.labels(GROUP)._value.get():
                await asyncio.sleep(0.05)
        await bench.publish(*(an_event(source, 1) for source in sources[30:]))
        await asyncio.sleep(1.5)
        assert await bench.pool.fetchval(PARKED) == MOST_POISONS
        bench.handling.broken.clear()
        assert await bench.consumer.replay(sources[0]) == (1, 0), "a person has looked"
        await bench.until("SELECT count(*) FROM inbox", 41)
    assert not STOPPED.labels(GROUP)._value.get()


async def test_rubbish_between_good_foreign_events_stops_nothing(
    broker: Broker, pool: Pool, door: Door
) -> None:
    """A service with few events of its own meets them rarely."""
    mine = uuid4()
    await door.perform([a_request(mine, Write(mine, "mine"))])
    bench = await make_bench(broker, pool, door, ours="SELECT id FROM notes WHERE id = ANY($1)")
    rubbish = (b"no id", b"\xff")
    async with bench.running():
        for _ in range(2 * MOST_POISONS):
            await bench.publish(an_event(uuid4(), 1), rubbish, an_event(uuid4(), 1))
        await bench.publish(an_event(mine, 1))
        await bench.noted(mine, 1)
        assert not bench.consumer.poisons.too_many


async def test_rubbish_that_no_service_has_signed_stops_nothing(bench: Bench) -> None:
    """Otherwise whoever reaches Kafka could stop the following of incidents."""
    good = uuid4()
    async with bench.running():
        async with AIOKafkaProducer(bootstrap_servers=bench.broker.address) as intruder:
            for _ in range(2 * MOST_POISONS):
                await intruder.send_and_wait(
                    bench.topic, b"\xff", b"no id", headers=[(STRANGE, b"")]
                )
        dead = await read(bench.broker, f"{bench.topic}.{GROUP}.dead", 2 * MOST_POISONS)
        assert all("FORGED" in headers_of(each)["liandong-reason"] for each in dead)
        await bench.publish(an_event(good, 1))
        await bench.noted(good, 1)
        assert not bench.consumer.poisons.too_many


async def test_a_stopped_consumer_is_told_and_goes_on_where_it_stopped(bench: Bench) -> None:
    good = uuid4()
    watching = asyncio.create_task(watch_standing(bench.pool, {GROUP: bench.consumer}, bench.pulse))
    bench.pulse.started()
    async with bench.running():
        await bench.publish(*[(b"no id", b"\xff")] * MOST_POISONS, an_event(good, 1))
        async with asyncio.timeout(20):
            while not bench.pulse.unready():
                await asyncio.sleep(0.05)
        [flaw] = bench.pulse.unready()
        assert f"`liandong consumers resume {GROUP}`" in flaw
        assert bench.pulse.unserving() == [], "calls are still taken"
        assert bench.consumer.lag() > 0
        assert bench.consumer.resume()
        await bench.noted(good, 1)
        assert not bench.consumer.resume(), "a repeat changes nothing"
        async with asyncio.timeout(20):
            while bench.pulse.unready():
                await asyncio.sleep(0.05)
    watching.cancel()


async def test_parked_events_are_a_flaw_until_they_are_replayed(bench: Bench) -> None:
    bad = uuid4()
    bench.handling.broken.add(bad)
    bench.pulse.started()
    watching = asyncio.create_task(watch_standing(bench.pool, {GROUP: bench.consumer}, bench.pulse))
    async with bench.running():
        await bench.publish(an_event(bad, 1), an_event(bad, 2))
        async with asyncio.timeout(20):
            while not any("2 events" in flaw for flaw in bench.pulse.unready()):
                await asyncio.sleep(0.05)
        assert "`liandong deadletters replay`" in bench.pulse.unready()[0]
        bench.handling.broken.clear()
        await bench.consumer.replay(bad)
        async with asyncio.timeout(20):
            while bench.pulse.unready():
                await asyncio.sleep(0.05)
    watching.cancel()


async def test_a_late_clock_refuses_no_command(pool: Pool, door: Door) -> None:
    """A host half a minute slow once set deadlines that were over when they arrived."""
    host, pulse = HostClock(), Pulse()
    pulse.started()

    def slow() -> datetime:
        return datetime.now(UTC) - timedelta(seconds=30)

    await compare_clocks(pool, "ledger", pulse, host, slow)
    assert "behind the database's" in pulse.unready()[0] and not pulse.unserving()
    note = uuid4()
    told = host.now() - timedelta(seconds=30) + timedelta(seconds=5)  # as the slow host tells it
    request = replace(a_request(note, Write(note)), deadline=told)
    [outcome] = await door.perform([request])
    assert outcome.reason == ""
    await compare_clocks(pool, "ledger", pulse, host)
    assert pulse.unready() == []


async def test_a_handler_may_wait_and_leave_out_what_concerns_others(
    broker: Broker, pool: Pool, door: Door
) -> None:
    mine, foreign = uuid4(), uuid4()
    await door.perform([a_request(mine, Write(mine, "mine"))])

    def patient(handling: Handling) -> Handler:
        async def later(events: Sequence[IncidentEvent]) -> Sequence[Request[Command]]:
            await asyncio.sleep(0)
            return handling.requests(events)

        return later

    mine_only = "SELECT id FROM notes WHERE id = ANY($1)"
    bench = await make_bench(broker, pool, door, patient, ours=mine_only)
    async with bench.running():
        await bench.publish(an_event(foreign, 1), (b"no id", b"\xff"), an_event(mine, 1))
        await bench.noted(mine, 1)
        [letter] = await read(broker, f"{bench.topic}.{GROUP}.dead", 1)
    assert letter.value == b"\xff"
    assert bench.handling.seen == [f"{str(mine)[:4]}@1"]
    assert await pool.fetchval("SELECT count(*) FROM inbox") == 1


async def test_what_nobody_can_read_is_put_aside_whoever_it_concerns_and_stops_nobody(
    broker: Broker, pool: Pool, door: Door
) -> None:
    mine, foreign = uuid4(), str(uuid4()).encode()
    await door.perform([a_request(mine, Write(mine, "mine"))])
    bench = await make_bench(broker, pool, door, ours="SELECT id FROM notes WHERE id = ANY($1)")
    async with bench.running():
        await bench.publish(*[(foreign, b"\xff no event")] * MOST_POISONS, an_event(mine, 1))
        async with asyncio.timeout(5):
            dead = await read(broker, f"{bench.topic}.{GROUP}.dead", MOST_POISONS)
            await bench.noted(mine, 1)
    assert {(letter.key, letter.value) for letter in dead} == {(foreign, b"\xff no event")}


async def test_partitions_move_to_another_worker_without_loss(
    broker: Broker, pool: Pool, door: Door, database: Installation
) -> None:
    bench = await make_bench(broker, pool, door)
    other = Consumer(
        pool, door, bench.consumer._subscription, bench.publisher, bench.consumer._origin
    )
    sources = [uuid4() for _ in range(20)]
    async with bench.running():
        for version in range(1, 6):
            second = asyncio.create_task(other.run(broker.address, Pulse()))
            await bench.publish(*(an_event(source, version) for source in sources))
            await asyncio.sleep(0.3)
            second.cancel()
            await asyncio.wait([second])
        await bench.until("SELECT count(*) FROM inbox WHERE version = 5", 20)
    assert await pool.fetchval("SELECT count(*) FROM journal") == 20


async def test_a_consumer_that_gets_nothing_though_there_is_more_is_stuck(broker: Broker) -> None:
    """Paused partitions look just like a client that has stopped fetching."""
    await broker.started()
    topic = await make_topic(broker)
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=broker.address, auto_offset_reset="earliest"
    ) as consumer:
        progress, idle = Progress(consumer, look=0), Progress(consumer)
        for _ in range(3):
            await progress.check()  # at the end of the topic nothing is no news
        consumer.pause(*consumer.assignment())
        await publish(broker, topic, (b"k", b"v"))
        await progress.check()
        with pytest.raises(ConsumerStuckError) as caught:
            await progress.check()
        assert is_passing(caught.value)
        await idle.check()


async def test_parked_events_are_replayed_by_call(
    broker: Broker, database: Installation, pool: Pool
) -> None:
    """As an operator does it: through the service that parked them."""
    await broker.started()
    topic = await make_topic(broker, f".{GROUP}.dead")
    handling, source = Handling(), uuid4()
    handling.broken.add(source)
    async with a_ledger(ledger_settings(database.url(), broker.address)) as served:
        subscription = Subscription(GROUP, topic, IncidentEvent, handling.requests)
        served.shell.origin = lambda group: Trusting()  # type: ignore[method-assign]
        served.shell.consume(subscription)
        await publish(broker, topic, an_event(source, 1), an_event(source, 2))
        async with asyncio.timeout(30):
            while await pool.fetchval(PARKED) < 2:
                await asyncio.sleep(0.05)
        stub, token = OperationsServiceStub(served.channel), (("liandong-token", TOKEN),)
        request = pb.ReplayParkedRequest(group=GROUP, aggregate_id=str(source))
        answer = await stub.ReplayParked(request, timeout=30, metadata=token)
        assert (answer.applied, answer.waiting) == (0, 2)
        handling.broken.clear()
        answer = await stub.ReplayParked(request, timeout=30, metadata=token)
        assert (answer.applied, answer.waiting) == (2, 0)
        await the_consumer_is_listed(stub, topic, metadata=token, timeout=30)
        for nobody in ("no id", str(uuid4())):
            request = pb.ReplayParkedRequest(group=GROUP, aggregate_id=nobody)
            with pytest.raises(grpc.aio.AioRpcError, match="NOT_PARKED"):
                await stub.ReplayParked(request, timeout=30, metadata=token)


async def the_consumer_is_listed(stub: Any, topic: str, **how: Any) -> None:
    [standing] = (await stub.ListConsumers(pb.ListConsumersRequest(), **how)).consumers
    assert (standing.group, standing.topic, standing.stopped) == (GROUP, topic, False)
    assert (standing.parked, standing.refused) == (0, 0)
    resume, other = (pb.ResumeConsumerRequest(group=each) for each in (GROUP, "ledger.other"))
    assert not (await stub.ResumeConsumer(resume, **how)).was_stopped
    with pytest.raises(grpc.aio.AioRpcError, match="NO_SUCH_CONSUMER"):
        await stub.ResumeConsumer(other, **how)

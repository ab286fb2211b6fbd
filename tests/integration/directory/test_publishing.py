"""What is loaded reaches every copy, also after Kafka was away or its topic was made anew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
from aiokafka import ConsumerRecord
from aiokafka.structs import TopicPartition

from backbone.directory.replica import TOPIC, Replica
from backbone.kafka.bookmark import open_reader
from backbone.postgres.pool import open_pool
from backbone.process.metrics import FORGED, UNSENT
from backbone.process.pulse import Pulse
from backbone.words.city import City
from services.directory.files import read_folder, to_archive
from services.directory.generator import LARGE, generate
from services.directory.wiring import Directory, open_directory
from tests.calendars import CALENDAR
from tests.integration.directory.conftest import DEMO, demo, make_topic_anew, settings_for
from tests.ledger.consuming import Trusting
from tests.servers import Broker, running_task

RENAMED = {"organisations.csv": ("青山镇派出所", "青山镇新派出所")}
REDUNDANT = "traffic.accident,traffic.accident,police,,,,交通事故由事发地公安机关处理\n"
KINDS = ("unit", "grid", "competence", "policy", "calendar")


@asynccontextmanager
async def publishing(database: str, brokers: str) -> AsyncIterator[Directory]:
    async with open_directory(settings_for(database, brokers), Pulse()) as directory:
        task = asyncio.create_task(directory.publishing.run())
        try:
            yield directory
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def copying(database: str, brokers: str) -> AsyncIterator[Replica]:
    """A service's copy; the directory's own schema serves for its table, too."""
    async with await open_pool(database, "copy") as pool:
        replica = Replica(pool, brokers, KINDS, polygons=True)
        task = asyncio.create_task(replica.run(Pulse(), _never, Trusting()))
        try:
            yield replica
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _never(record: ConsumerRecord, reason: str) -> None:
    raise AssertionError(reason)


async def a_place_for_the_copy(database: str) -> None:
    conn = await asyncpg.connect(database)
    await conn.execute(
        "CREATE SCHEMA copy; CREATE TABLE copy.replica (LIKE directory.replica INCLUDING ALL);"
        "CREATE TABLE copy.replica_bookmark (LIKE directory.replica_bookmark INCLUDING ALL)"
    )
    await conn.close()


async def becomes(replica: Replica, true: Callable[[City], bool], patience: float = 60) -> City:
    async with asyncio.timeout(patience):
        while not (replica.loaded and true(replica.city)):
            await asyncio.sleep(0.05)
    return replica.city


async def test_a_copy_becomes_what_was_loaded(database: str, topic: Broker) -> None:
    await a_place_for_the_copy(database)
    async with (
        publishing(database, topic.address) as directory,
        copying(database, topic.address) as replica,
    ):
        await directory.loader.load(demo(), None, "somebody")
        city = await becomes(replica, lambda city: True)
        await directory.holding.renew()
        assert city.units == directory.holding.city.units
        assert city.grids == directory.holding.city.grids
        assert city.policy == directory.holding.city.policy
        assert city.calendar == directory.holding.city.calendar == CALENDAR
        assert not city.people
        changes = {**RENAMED, "competences.csv": (REDUNDANT, "")}
        second = await directory.loader.load(demo(changes), None, "somebody")
        city = await becomes(replica, lambda city: city.head.version == second.version)
        assert city.units["990101001-police"].name == "青山镇新派出所"
        assert "traffic.accident" not in city.competences


async def test_what_was_put_in_by_hand_is_neither_held_nor_signed(
    database: str, topic: Broker
) -> None:
    """The forged entry would take the station's superior away; the next pack writes it anew."""
    await a_place_for_the_copy(database)
    station = "990101001-police"
    forgery = """
        UPDATE entries SET version = version + 1, unpublished = true,
            body = (SELECT body FROM entries WHERE key = 'unit/990100-command')
        WHERE key = $1
    """
    async with (
        publishing(database, topic.address) as directory,
        copying(database, topic.address) as replica,
    ):
        await directory.loader.load(demo(), None, "somebody")
        city = await becomes(replica, lambda city: True)
        while await directory.pool.fetchval("SELECT count(*) FROM entries WHERE unpublished"):
            await asyncio.sleep(0.05)
        before = alarms()
        await directory.pool.execute(forgery, f"unit/{station}")
        async with asyncio.timeout(10):
            while alarms() == before:
                await asyncio.sleep(0.05)
        await directory.holding.renew()
        assert station not in directory.holding.city.units
        async with directory.pool.acquire() as conn:
            found = [each async for each in directory.coded.forged(conn)]
        assert found == [f"entries unit/{station}"]
        assert replica.city.units == city.units
        mended = await directory.loader.load(demo(RENAMED), None, "somebody")
        city = await becomes(replica, lambda city: city.head.version == mended.version)
        assert city.units[station].name == "青山镇新派出所"
        async with directory.pool.acquire() as conn:
            assert [each async for each in directory.coded.forged(conn)] == []


def alarms() -> float:
    return FORGED.labels("row", "directory")._value.get()


async def test_what_was_loaded_without_kafka_is_published_later(
    database: str, topic: Broker
) -> None:
    await a_place_for_the_copy(database)
    async with publishing(database, "127.0.0.1:1") as directory:
        loaded = await directory.loader.load(demo(), None, "somebody")
    async with (
        publishing(database, topic.address),
        copying(database, topic.address) as replica,
    ):
        city = await becomes(replica, lambda city: True)
    assert city.head.version == loaded.version
    assert city.head.entries == loaded.changed


async def test_a_restart_publishes_nothing_again(database: str, topic: Broker) -> None:
    """All services would read and check the whole city once more, while they have other work."""
    async with publishing(database, topic.address) as directory:
        await directory.loader.load(demo(), None, "somebody")
        await published(directory)
        end = await end_of(topic)
    async with publishing(database, topic.address) as directory:
        await directory.loader.load(demo(RENAMED), None, "somebody")
        await published(directory)
        assert await end_of(topic) == end + 2  # the unit and the head


async def published(directory: Directory) -> None:
    async with asyncio.timeout(20):
        while await directory.pool.fetchval("SELECT count(*) FROM entries WHERE unpublished"):
            await asyncio.sleep(0.1)


async def end_of(topic: Broker) -> int:
    async with open_reader(topic.address) as consumer:
        partition = TopicPartition(TOPIC, 0)
        return int((await consumer.end_offsets([partition]))[partition])


async def test_a_topic_made_anew_is_filled_again(database: str, topic: Broker) -> None:
    await a_place_for_the_copy(database)
    async with publishing(database, topic.address) as directory:
        loaded = await directory.loader.load(demo(), None, "somebody")
        await published(directory)
    await make_topic_anew(topic)
    async with (
        publishing(database, topic.address),
        copying(database, topic.address) as replica,
    ):
        city = await becomes(replica, lambda city: True)
    assert city.head.version == loaded.version
    assert len(city.grids) == 1_200


async def test_a_city_of_15238_grids_is_loaded_published_and_answers(
    database: str, topic: Broker, tmp_path: Path
) -> None:
    await a_place_for_the_copy(database)
    generate(tmp_path, DEMO, LARGE)
    async with (
        publishing(database, topic.address) as directory,
        copying(database, topic.address) as replica,
    ):
        loaded = await directory.loader.load(to_archive(read_folder(tmp_path)), None, "somebody")
        assert loaded.warnings == []
        await directory.holding.renew()
        city = directory.holding.city
        assert (len(city.grids), loaded.changed) == (15_238, city.head.entries)
        assert sum("grid_member" in person.roles for person in city.people.values()) == 23_000
        assert city.areas[directory.holding.locate(108.912, 34.231).code[:9]].name == "青山镇"
        copied = await becomes(replica, lambda city: True, patience=120)
        assert copied.grids == city.grids


async def test_what_waits_while_kafka_is_away_is_told(directory: Directory) -> None:
    """In the metrics of the events that wait, so that their alert and readiness tell of it."""
    publishing, unsent = directory.publishing, UNSENT.labels("directory")
    async with running_task(publishing.watch(directory.pool)), asyncio.timeout(20):
        await directory.loader.load(demo(), None, "a test")
        while not unsent._value.get():
            await asyncio.sleep(0.05)
        assert 0 < publishing.age() < 20
        await directory.pool.execute("UPDATE entries SET unpublished = false")
        while unsent._value.get():
            await asyncio.sleep(0.05)
        assert publishing.age() == 0

"""A notice of holidays arrives: provisional due times are counted anew, once each, in PostgreSQL.

By hand, whatever the day of the test: the notice says that the six days after today are off and the
three after these are worked, so three working days end with the ninth day from today.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from backbone.door.door import Door
from backbone.door.evidence import verify
from backbone.door.request import Request, key_of
from backbone.door.rows import Rows
from backbone.door.statements import lock_all
from backbone.door.timers import NEVER
from backbone.postgres.pool import Pool, open_pool
from backbone.process.pulse import Pulse
from backbone.words.actor import Actor
from backbone.words.calendar import Calendar, day_of, end_of
from backbone.words.city import City
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.workflow import recounts
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.opening import OpenIncident
from services.workflow.recounts import Recounts
from services.workflow.supervision.opening import OpenSupervision
from services.workflow.supervision.record import Level
from services.workflow.wiring import build_decider, build_supervisions
from tests.cities import a_city
from tests.incidents import DESK, LI, a_matter
from tests.installation import Installation
from tests.supervisions import FENG

SIGNATURE = b"signed"
TODAY = day_of(datetime.now(UTC))
TOLD = "SELECT doc::jsonb -> 'demands' -> 0 -> 'deadline' AS told FROM supervisions WHERE id = $1"


def in_days(number: int) -> date:
    return TODAY + timedelta(days=number)


NOTICE = Calendar(
    dict.fromkeys((TODAY.year, TODAY.year + 1), "notice"),
    {in_days(number): "off" for number in range(1, 7)},
    frozenset(in_days(number) for number in range(7, 10)),
)
DUE = end_of(in_days(9))


@dataclasses.dataclass
class Workflow:
    """The door of workflow; its city is the last of `cities`."""

    pool: Pool
    door: Door
    rows: Rows
    cities: list[City]

    async def perform(self, of: UUID, by: Actor, command: Any) -> None:
        request = Request(uuid4(), of, command, "", by, NEVER)
        [outcome] = await self.door.perform([request])
        assert not outcome.reason, outcome

    async def supervised(self, **more: Any) -> UUID:
        """A supervision of one incident, by the city of this moment."""
        incident, supervision = uuid4(), uuid4()
        matter = replace(a_matter(code=f"990101260101-{incident.int % 10**6:06}-0"), id=incident)
        await self.perform(incident, DESK, OpenIncident(DESK, replace(matter, to_unit="north")))
        await self.perform(incident, LI, ClaimIncident(LI))
        opening = OpenSupervision(FENG, supervision, (str(incident),), Level.KEY, "news?", **more)
        await self.perform(supervision, FENG, opening)
        return supervision

    def learns(self, calendar: Calendar, *counting: Recounts) -> None:
        city = dataclasses.replace(self.cities[-1], calendar=calendar)
        head = dataclasses.replace(city.head, version=city.head.version + 1)
        self.cities.append(dataclasses.replace(city, head=head))
        for each in counting:
            each.learn(self.cities[-1])

    def recounts(self) -> Recounts:
        return Recounts(self.door, self.rows.of(self.door.decider_of(OPENING)), Pulse())

    async def events(self) -> list[Any]:
        """The rows of the journal that tell of a due time counted anew."""
        kind = "liandong.supervision.due_time_recounted.v1"
        return list(
            await self.pool.fetch("SELECT * FROM journal WHERE kind = $1 ORDER BY position", kind)
        )


OPENING = OpenSupervision(FENG, UUID(int=0), (), Level.KEY, "")


@pytest.fixture
async def workflow(database: Installation) -> AsyncIterator[Workflow]:
    cities = [a_city()]
    async with await open_pool(database.url("workflow"), "workflow") as pool:
        deciders: list[Any] = [
            build_decider(lambda: cities[-1]),
            build_supervisions(lambda: cities[-1]),
        ]
        rows = Rows(pool, lambda statement: SIGNATURE)
        yield Workflow(pool, Door(pool, deciders, rows=rows), rows, cities)


async def test_each_provisional_due_time_is_counted_anew_once(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches, by two copies of the service at the same time."""
    monkeypatch.setattr(recounts, "WAITING", recounts.WAITING.replace("LIMIT 100", "LIMIT 2"))
    provisional = {await workflow.supervised() for _ in range(5)}
    named = await workflow.supervised(due_time=datetime.now(UTC) + timedelta(days=4))
    told = {of: (await workflow.pool.fetchrow(TOLD, of))["told"] for of in (*provisional, named)}
    one, other = workflow.recounts(), workflow.recounts()
    workflow.learns(NOTICE, one, other)
    while sum(await asyncio.gather(one.recount(), other.recount())):
        pass

    events = await workflow.events()
    assert sorted(row["aggregate_id"] for row in events) == sorted(provisional)
    for row in events:
        assert (row["actor"], row["unit"], row["signature"]) == ("", "", SIGNATURE)
        deadline = SupervisionEvent.FromString(row["payload"]).due_time_recounted.deadline
        assert deadline.due_time.ToDatetime(UTC) == DUE and not deadline.provisional
        assert deadline.HasField("old_due_time")
    due = "SELECT id, due_time FROM supervisions WHERE due_time = $1"
    assert {row["id"] for row in await workflow.pool.fetch(due, DUE)} == provisional
    assert (await workflow.pool.fetchrow(TOLD, named))["told"] == told[named]
    async with workflow.pool.acquire() as conn:
        assert [each async for each in verify(conn, "supervisions", "incidents")] == []

    workflow.learns(NOTICE, one)
    assert await one.recount() == 0
    assert len(await workflow.events()) == len(events), "a later city counts nothing again"


async def test_what_a_killed_process_has_left_is_counted_by_the_next(workflow: Workflow) -> None:
    """One supervision is locked by a command; the process ends before it tries again."""
    first, second = await workflow.supervised(), await workflow.supervised()
    counting = workflow.recounts()
    workflow.learns(NOTICE, counting)
    async with workflow.pool.acquire() as conn, conn.transaction():
        await conn.execute(lock_all([key_of(first)]))
        assert await counting.recount() == 1
    assert [row["aggregate_id"] for row in await workflow.events()] == [second]

    after = workflow.recounts()
    after.learn(workflow.cities[-1])
    assert await after.recount() == 0
    assert [row["aggregate_id"] for row in await workflow.events()] == [second, first]


async def test_a_city_without_the_year_counts_nothing_and_a_later_one_does(
    workflow: Workflow,
) -> None:
    of = await workflow.supervised()
    counting = workflow.recounts()
    workflow.learns(Calendar({TODAY.year - 1: "notice"}), counting)
    assert await counting.recount() == 0 and await workflow.events() == []
    workflow.learns(NOTICE, counting)
    running = asyncio.create_task(counting.run())
    async with asyncio.timeout(5):
        while not (found := await workflow.events()):
            await asyncio.sleep(0.02)
    running.cancel()
    assert [row["aggregate_id"] for row in found] == [of]

"""Orders, corrections, links, ends and steps at random and at once, over both roads."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from backbone.postgres.states import taken
from backbone.words.errors import Refusal
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from operate.admin import topics
from services.emergency.deciders import missions
from services.emergency.mission.apart import facts_of
from tests.emergency import COUNTY, Desk, serving, some_settings
from tests.installation import Installation
from tests.integration.emergency.test_recalls import Teller, recall
from tests.servers import Broker

TEAMS = ("fire-1", "fire-2")


class Play:
    """Three receipts, of which two are linked to the first in the end."""

    def __init__(self, desk: Desk, teller: Teller, seed: int) -> None:
        self.receipts = [uuid4() for _ in range(3)]
        self.seen: list[tuple[str, str]] = []
        self._desk, self.teller = desk, teller
        self._random = random.Random(seed)
        self._tries: Counter[tuple[UUID, str]] = Counter()

    async def go(self, number: int) -> None:
        acts = (self.send, self.send, self.correct, self.sign, self.refuse, self.clear, self.call)
        for _ in range(number):
            together = self._random.choices(acts, k=4)
            done = await asyncio.gather(*(each() for each in together), return_exceptions=True)
            for failure in done:
                if isinstance(failure, BaseException) and not isinstance(failure, Refusal):
                    raise failure

    async def send(self) -> None:
        receipt, team = self._random.choice(self.receipts), self._random.choice(TEAMS)
        self._tries[receipt, team] += 1
        again = self._tries[receipt, team]
        answer = await self._desk.dispatch(team, receipt=receipt, again=again)
        self.seen.append((answer.mission.id, team))

    async def correct(self) -> None:
        number = self._random.randrange(1000)
        await self.teller.incident(self.receipts[0], amended={"matter": a_matter(number)})

    async def sign(self) -> None:
        mission, team = self._random.choice(self.seen)
        revision = self._random.choice((0, 1, 2))
        await self._desk.act("AcknowledgeMission", mission, team, revision=revision)

    async def refuse(self) -> None:
        mission, team = self._random.choice(self.seen)
        await self._desk.act("RefuseMission", mission, team, reason="车辆故障")

    async def clear(self) -> None:
        mission, team = self._random.choice(self.seen)
        await self._desk.act("ClearMission", mission, team)

    async def call(self) -> None:
        await recall(self._desk, self._random.choice(self.seen)[0])

    async def link(self) -> None:
        first, *others = self.receipts
        for each in others:
            await self.teller.alarm(each, repeat_linked={"incident_id": str(first)})


def a_matter(number: int) -> dict[str, Any]:
    return {
        "narrative": f"第{number}次更正",
        "category": "traffic.accident",
        "priority": "P1",
        "place": {"text": f"长风路{number % 3}号", "area": COUNTY},
    }


@pytest.fixture
async def brokers(broker: Broker) -> str:
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    return broker.address


@pytest.fixture
async def desk(database_url: str, brokers: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(database_url, brokers)) as desk:
        yield desk


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_all_acts(
    desk: Desk, brokers: str, database: Installation, seed: int
) -> None:
    play = Play(desk, Teller(brokers), seed)
    for team in TEAMS:
        answer = await desk.dispatch(team, receipt=play.receipts[0])
        play.seen.append((answer.mission.id, team))
    await play.go(6)
    linking = asyncio.create_task(play.link())
    await play.go(6)
    await linking
    conn = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
    await until_all_have_joined(conn, play)
    await play.teller.incident(play.receipts[0], amended={"matter": a_matter(9999)})
    await until_the_last_correction(conn, play)
    await check(conn)
    await play.teller.incident(play.receipts[0], voided={"reason": "谎报"})
    async with asyncio.timeout(30):
        while await conn.fetchval("SELECT count(*) FROM missions WHERE end_time IS NULL"):
            await asyncio.sleep(0.1)
    await check(conn)
    assert await conn.fetchval("SELECT count(*) FROM parked") == 0
    await conn.close()


async def until_all_have_joined(conn: Any, play: Play) -> None:
    async with asyncio.timeout(60):
        while await conn.fetchval(
            "SELECT count(*) FROM missions WHERE matter_id <> $1 AND end_time IS NULL",
            play.receipts[0],
        ):
            # An order of a receipt for its own matter, after the link was read, is the desk's error
            # of this play: real desks order for the matter that they are linked to.
            await rejoin(play)
            await asyncio.sleep(0.3)


async def rejoin(play: Play) -> None:
    with suppress(Refusal):
        await play.link()


async def until_the_last_correction(conn: Any, play: Play) -> None:
    async with asyncio.timeout(30):
        while True:
            rows = await conn.fetch("SELECT shape, doc::text AS doc FROM missions")
            live = [
                each for each in map(missions.from_row, map(taken, rows)) if each.ending is None
            ]
            if all(each.order.narrative.startswith("第9999次") for each in live):
                return
            await asyncio.sleep(0.1)


async def check(conn: Any) -> None:
    """One open mission of a team; documents told by journals; numbers without gap."""
    rows = await conn.fetch("SELECT id, shape, doc::text AS doc FROM missions")
    every = [missions.from_row(taken(row)) for row in rows]
    live = Counter((each.order.matter_id, each.order.team) for each in every if not each.ending)
    assert max(live.values(), default=1) == 1
    for mission in every:
        payloads = await conn.fetch(
            "SELECT payload FROM journal WHERE aggregate_id = $1 ORDER BY version", mission.id
        )
        assert missions.fold(row["payload"] for row in payloads) == mission
        told = [EmergencyEvent.FromString(row["payload"]) for row in payloads]
        revised = [each.revised for each in told if each.HasField("revised")]
        if revised:
            assert facts_of(mission.order).narrative == revised[-1].facts.narrative
        recalled = any(each.HasField("recalled") for each in told)
        assert mission.pushes.revision == 1 + len(revised) + recalled
    for team in TEAMS:
        seqs = await conn.fetch("SELECT seq FROM mailbox_entries WHERE team = $1", team)
        steps = await conn.fetch("SELECT step FROM mailbox_steps WHERE team = $1", team)
        assert sorted(row["seq"] for row in seqs) == [*range(1, len(seqs) + 1)]
        assert sorted(row["step"] for row in steps) == [*range(1, len(steps) + 1)]

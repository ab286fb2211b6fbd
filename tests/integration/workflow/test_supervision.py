"""Supervisions through a real Kafka and Faust, whose process dies; their steps on the incidents."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel, refusal_of
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.place.v1.place_pb2 import Place
from liandong.supervision.v1 import supervision_pb2 as resources
from liandong.supervision.v1 import supervision_service_pb2 as spb
from liandong.supervision.v1 import supervision_service_pb2_grpc as srpc
from tests.cities import COUNTY, NORTH, SOUTH, a_city
from tests.lapsing import let_lapse
from tests.processes import PATIENCE, Installation, an_installation
from tests.servers import Broker

LI = Actor("li", "north", "clerk", NORTH)
CHEN = Actor("chen", "south", "clerk", SOUTH)
DESK = Actor("zhao", "command", "dispatcher", COUNTY)
FENG = Actor("feng", "county", "supervisor", COUNTY)
NORTH_HEAD, SOUTH_HEAD = Actor("zhu", "north", "head", NORTH), Actor("liu", "south", "head", SOUTH)
KEY = resources.Supervision.LEVEL_KEY


@pytest.fixture
async def home(template: str, broker: Broker, tmp_path: Path) -> AsyncIterator[Installation]:
    async with an_installation(template, broker, tmp_path) as installation:
        await installation.know(a_city(), "workflow")
        yield installation


@pytest.fixture
async def rows(home: Installation) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    conn = await asyncpg.connect(home.admin_dsn, server_settings={"search_path": "workflow"})
    yield conn
    await conn.close()


class Console:
    """Calls both services of the front."""

    def __init__(self, home: Installation, channel: grpc.aio.Channel) -> None:
        self._token = home.settings("workflow").token
        self._stubs = (rpc.IncidentServiceStub(channel), srpc.SupervisionServiceStub(channel))
        self.roads: list[str] = []

    async def call(self, who: Actor, name: str, request: Any, key: str = "") -> Any:
        stub = next(each for each in self._stubs if hasattr(each, name))
        metadata = metadata_for(self._token, who, principal=who.user or "citizen")
        metadata.append(("idempotency-key", key or uuid4().hex))
        call = getattr(stub, name)(request, metadata=metadata, timeout=30)
        response = await call
        said = dict(await call.trailing_metadata())
        self.roads.append(said.get("liandong-road", ""))
        fields = {"incident", "supervision"} & set(response.DESCRIPTOR.fields_by_name)
        return getattr(response, fields.pop()) if fields else response

    async def held(self, holder: Actor) -> str:
        """An incident that this person holds."""
        matter = incidents.Matter(
            id=str(uuid4()),
            code=f"990101260101-{uuid4().int % 10**9:09d}-0",
            source="ALARM",
            title="theft",
            category="theft",
            priority="P2",
            place=Place(text="gate", area=holder.area),
            desk="command",
        )
        opened = await self.call(DESK, "OpenIncident", pb.OpenIncidentRequest(matter=matter))
        claim = pb.ClaimIncidentRequest(incident_id=opened.id)
        return str((await self.call(holder, "ClaimIncident", claim)).id)

    async def steps(self, incident: str) -> list[tuple[str, str]]:
        """The steps of supervisions on the timeline: kind and unit."""
        request = pb.GetTimelineRequest(incident_id=incident)
        timeline = await self.call(DESK, "GetTimeline", request)
        assert [each.version for each in timeline.items] == [*range(1, len(timeline.items) + 1)], (
            "I3"
        )
        return [
            (each.facts["step"], each.facts.fields["unit"].string_value)
            for each in timeline.items
            if each.kind == "SupervisionFollowed"
        ]

    async def until_steps(self, incident: str, *expected: tuple[str, str]) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.steps(incident) != [*expected]:
                await asyncio.sleep(0.05)

    async def inbox(self, who: Actor) -> set[str]:
        found = await self.call(who, "ListIncidents", pb.ListIncidentsRequest(inbox=True))
        return {each.id for each in found.items}


@asynccontextmanager
async def a_console(home: Installation) -> AsyncIterator[Console]:
    with home.started("workflow"):
        await home.ready("workflow")
        async with open_channel(home.settings("workflow"), "workflow") as channel:
            yield Console(home, channel)


async def over_the_stream(console: Console) -> None:
    """Wait until the stream processor answers."""
    async with asyncio.timeout(PATIENCE):
        while True:
            clerk = Actor(uuid4().hex, "north", "clerk", NORTH)
            await console.held(clerk)
            if console.roads[-1] == "stream":
                return
            await asyncio.sleep(0.1)


async def refused(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refusal_of(caught.value)
    assert refusal is not None
    return refusal.reason


def opening(*ids: str) -> spb.OpenSupervisionRequest:
    return spb.OpenSupervisionRequest(incident_ids=ids, level=KEY, reason="two weeks without news")


async def test_a_supervision_over_three_incidents_of_two_units(home: Installation) -> None:
    """One answers, one lapses and is marked; asked further, accepted, lifted."""
    async with a_console(home) as console:
        with home.started("workflow-stream"):
            await over_the_stream(console)
            first, second, third = [await console.held(who) for who in (LI, LI, CHEN)]
            found = await console.call(FENG, "OpenSupervision", opening(first, second, third))
            for incident, unit in ((first, "north"), (second, "north"), (third, "south")):
                await console.until_steps(incident, ("SupervisionOpened", unit))
            of, key = found.id, uuid4().hex
            said = spb.AnswerSupervisionRequest(supervision_id=of, text="on it")
            answered = await console.call(LI, "AnswerSupervision", said, key)
            again = await console.call(LI, "AnswerSupervision", said, key)
            assert answered == again and {each.unit for each in answered.demands} == {"north"}
            await console.until_steps(
                second, ("SupervisionOpened", "north"), ("AnswerGiven", "north")
            )
            assert {first, second} <= await console.inbox(FENG)
            assert third not in await console.inbox(FENG)

            keys = home.settings("workflow").keyring
            await let_lapse(home.admin_dsn, keys, of, "south")
            await console.until_steps(
                third, ("SupervisionOpened", "south"), ("UnitMarked", "south")
            )
            assert third in await console.inbox(FENG)
            listed = await console.call(
                FENG, "ListSupervisions", spb.ListSupervisionsRequest(inbox=True)
            )
            assert [mark.unit for each in listed.items for mark in each.marks] == ["south"]

            await comes_to_its_end(console, of, second)


async def comes_to_its_end(console: Console, of: str, second: str) -> None:
    """A late answer, a further question and its answer, both accepted, lifted."""
    said = spb.AnswerSupervisionRequest(supervision_id=of, text="all of it is done")
    late = spb.AnswerSupervisionRequest(supervision_id=of, text="sorry, done")
    await console.call(SOUTH_HEAD, "AnswerSupervision", late)
    ask = spb.FollowUpSupervisionRequest(
        supervision_id=of, unit="north", text="and the second?", incident_ids=[second]
    )
    await console.call(FENG, "FollowUpSupervision", ask)
    lift = spb.LiftSupervisionRequest(supervision_id=of, opinion="settled")
    assert await refused(console.call(FENG, "LiftSupervision", lift)) == ("ANSWER_OUTSTANDING")
    await console.call(NORTH_HEAD, "AnswerSupervision", said)
    for unit in ("north", "south"):
        accept = spb.AcceptAnswerRequest(supervision_id=of, unit=unit)
        accepted = await console.call(FENG, "AcceptAnswer", accept)
    assert accepted.state == resources.Supervision.STATE_ACCEPTED
    lifted = await console.call(FENG, "LiftSupervision", lift)
    assert lifted.state == resources.Supervision.STATE_LIFTED
    await console.until_steps(
        second,
        ("SupervisionOpened", "north"),
        ("AnswerGiven", "north"),
        ("AnswerFollowedUp", "north"),
        ("AnswerGiven", "north"),
        ("AnswerAccepted", "north"),
        ("SupervisionLifted", ""),
    )
    shown = await console.call(DESK, "GetIncident", pb.GetIncidentRequest(incident_id=second))
    assert (shown.holder, shown.unit, [*shown.supervisions]) == ("li", "north", [])


async def test_an_answer_is_given_once_though_the_worker_is_killed(
    home: Installation, rows: Any
) -> None:
    """The answer is hedged; the command that the killed worker left behind changes nothing."""
    async with a_console(home) as console:
        with home.started("workflow-stream") as worker:
            await over_the_stream(console)
            incident = await console.held(LI)
            request, key = opening(incident), uuid4().hex
            of = (await console.call(FENG, "OpenSupervision", request, key)).id
            assert (await console.call(FENG, "OpenSupervision", request, key)).id == of
            await console.until_steps(incident, ("SupervisionOpened", "north"))
            worker.kill()
            await asyncio.to_thread(worker.wait)
            said = spb.AnswerSupervisionRequest(supervision_id=of, text="on it")
            await console.call(LI, "AnswerSupervision", said)
            assert console.roads[-1] == "direct"
            assert await console.steps(incident) == [("SupervisionOpened", "north")]
        with home.started("workflow-stream"):
            await console.until_steps(
                incident, ("SupervisionOpened", "north"), ("AnswerGiven", "north")
            )
            await over_the_stream(console)  # what was left behind has been read
            assert len(await console.steps(incident)) == 2
    kinds = "SELECT kind FROM journal WHERE aggregate_id = $1 ORDER BY version"
    assert [row["kind"] for row in await rows.fetch(kinds, UUID(of))] == [
        "liandong.supervision.opened.v1",
        "liandong.supervision.answer_given.v1",
    ]


async def test_answers_that_cross_the_death_of_the_worker_are_each_given_once(
    home: Installation, rows: Any
) -> None:
    """Each clerk repeats with the same key until there is an answer; the worker dies among them."""
    async with a_console(home) as console:
        with home.started("workflow-stream") as worker:
            await over_the_stream(console)
            incidents = [await console.held(LI) for _ in range(20)]
            opened = [
                await console.call(FENG, "OpenSupervision", opening(each)) for each in incidents
            ]
            ids = [each.id for each in opened]
            answers = [asyncio.create_task(insisted(console, of)) for of in ids]
            await asyncio.sleep(0.02)
            worker.kill()
            await asyncio.to_thread(worker.wait)
            assert {each.version for each in await asyncio.gather(*answers)} == {2}
        with home.started("workflow-stream"):
            for incident in incidents:
                await console.until_steps(
                    incident, ("SupervisionOpened", "north"), ("AnswerGiven", "north")
                )
    given = (
        "SELECT count(*) FROM journal WHERE aggregate_id = ANY($1) AND kind LIKE '%answer_given%'"
    )
    assert await rows.fetchval(given, [UUID(each) for each in ids]) == len(ids)


async def insisted(console: Console, of: str) -> resources.Supervision:
    """The answer, sent three times at once under one key."""
    said, key = spb.AnswerSupervisionRequest(supervision_id=of, text="on it"), uuid4().hex
    calls = [console.call(LI, "AnswerSupervision", said, key) for _ in range(3)]
    first, *others = await asyncio.gather(*calls)
    assert all(each == first for each in others)
    found: resources.Supervision = first
    return found


async def test_the_unit_that_gets_a_supervised_incident_is_asked_once(
    home: Installation, rows: Any
) -> None:
    async with a_console(home) as console:
        with home.started("workflow-stream"):
            await over_the_stream(console)
            incident = await console.held(LI)
            of = (await console.call(FENG, "OpenSupervision", opening(incident))).id
            await console.until_steps(incident, ("SupervisionOpened", "north"))
            hand = pb.HandOffIncidentRequest(incident_id=incident, to_unit="south", reason="theirs")
            await console.call(LI, "HandOffIncident", hand)
            await console.call(CHEN, "AcceptHandOff", pb.AcceptHandOffRequest(incident_id=incident))
            await console.until_steps(
                incident, ("SupervisionOpened", "north"), ("UnitAddressed", "south")
            )
            got = spb.GetSupervisionRequest(supervision_id=of)
            found = await console.call(FENG, "GetSupervision", got)
            assert [each.unit for each in found.demands] == ["south"], "what north owed has moved"
            own = await console.call(SOUTH_HEAD, "GetSupervision", got)
            assert [each.unit for each in own.demands] == ["south"]
            stranger = Actor("x", "roads", "clerk", NORTH)
            assert await refused(console.call(stranger, "GetSupervision", got)) == (
                "NO_SUCH_SUPERVISION"
            )
            await asyncio.sleep(1)  # the timers have looked again
    asked = "SELECT count(*) FROM journal WHERE kind = 'liandong.supervision.unit_addressed.v1'"
    assert await rows.fetchval(asked) == 1


async def test_an_urge_goes_over_the_stream_and_is_counted(home: Installation) -> None:
    async with a_console(home) as console:
        with home.started("workflow-stream"):
            await over_the_stream(console)
            async with asyncio.timeout(PATIENCE):
                while True:  # of some commands the direct road is the first, too
                    incident = await console.held(LI)
                    urge = pb.UrgeIncidentRequest(incident_id=incident, text="the mayor asks")
                    urged = await console.call(FENG, "UrgeIncident", urge)
                    if console.roads[-1] == "stream":
                        break
            assert [(each.urger, each.count) for each in urged.urges] == [("SUPERVISOR", 1)]
            assert await refused(console.call(FENG, "UrgeIncident", urge)) == "URGED_TOO_SOON"

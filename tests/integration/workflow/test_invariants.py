"""I1 to I4 under commands that are concurrent, repeated, reordered and sent over both roads."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest
from aiokafka import AIOKafkaConsumer

from backbone.postgres.states import taken
from backbone.rpc.channels import refusal_of
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.workflow.incident import INCIDENTS
from services.workflow.incident.record import HELD, Incident
from services.workflow.wiring import EVENTS, build_decider
from tests.cities import COUNTY, a_city
from tests.integration.workflow.test_roads import DESK, LI, WANG, Client, a_front
from tests.processes import PATIENCE, Installation, an_installation
from tests.servers import Broker

CHEN = Actor("chen", "south", "clerk", "990101002")
LEADER = Actor("sun", "county", "leader", COUNTY)
MATTERS, COMMANDS, MOST_COPIES = 12, 240, 3


@pytest.fixture
async def home(template: str, broker: Broker, tmp_path: Path) -> AsyncIterator[Installation]:
    async with an_installation(template, broker, tmp_path) as installation:
        await installation.know(a_city(), "workflow")
        yield installation


def a_command(client: Client, dice: random.Random, incident_id: str) -> tuple[Any, Any, Actor]:
    """Some verb by a person who may or may not do it now."""
    stub, one = client.stub, {"incident_id": incident_id}
    clerk = dice.choice([LI, WANG, CHEN])
    choices = [
        (stub.ClaimIncident, pb.ClaimIncidentRequest(**one), clerk),
        (stub.ClaimIncident, pb.ClaimIncidentRequest(**one), clerk),
        (stub.ReleaseIncident, pb.ReleaseIncidentRequest(**one, reason="另有任务"), clerk),
        (stub.ReportProgress, pb.ReportProgressRequest(**one, text="on it"), clerk),
        (stub.HandOffIncident, pb.HandOffIncidentRequest(**one, to_unit="south", reason="x"), LI),
        (stub.AcceptHandOff, pb.AcceptHandOffRequest(**one), CHEN),
        (stub.RefuseHandOff, pb.RefuseHandOffRequest(**one, reason="x"), CHEN),
        (stub.RequestReturn, pb.RequestReturnRequest(**one, reason="x"), clerk),
        (stub.AcceptReturn, pb.AcceptReturnRequest(**one), DESK),
        (stub.ObjectToAssignment, pb.ObjectToAssignmentRequest(**one, reason="x"), clerk),
        (stub.UpholdObjection, pb.UpholdObjectionRequest(**one), LEADER),
        (stub.RouteIncident, pb.RouteIncidentRequest(**one), DESK),
        (
            stub.AssignIncident,
            pb.AssignIncidentRequest(**one, unit="north", instruction="x"),
            LEADER,
        ),
    ]
    return dice.choice(choices)


async def answer_of(client: Client, command: tuple[Any, Any, Actor], key: str) -> tuple[str, Any]:
    method, request, who = command
    try:
        incident, _ = await client.call(method, request, who, key)
    except grpc.aio.AioRpcError as error:
        refusal = refusal_of(error)
        return (refusal.reason, refusal.facts) if refusal else ("NO_ANSWER", error.details())
    return "", incident


async def test_invariants_hold_over_both_roads(home: Installation) -> None:
    dice = random.Random(7)
    async with a_front(home) as client:
        with home.started("workflow-stream"):
            await home.ready("workflow-stream")
            opened = [(await client.open()).id for _ in range(MATTERS)]
            calls = [
                (key, command)
                for key, command in (
                    (uuid4().hex, a_command(client, dice, dice.choice(opened)))
                    for _ in range(COMMANDS)
                )
                for _ in range(dice.randint(1, MOST_COPIES))
            ]
            dice.shuffle(calls)
            gate = asyncio.Semaphore(20)

            async def one(key: str, command: Any) -> tuple[str, tuple[str, Any]]:
                async with gate:
                    return key, await answer_of(client, command, key)

            answers = await asyncio.gather(*(one(*call) for call in calls))
            events = await published(home, opened)
    # I2: whatever the road and however often, one request has one answer.
    by_key: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for key, answer in answers:
        by_key[key].append(answer)
    assert all(answer == first for first, *more in by_key.values() for answer in more)
    assert not any(reason == "NO_ANSWER" for _, (reason, _) in answers)
    accepted = sum(not first[0] for first, *_ in by_key.values())
    assert accepted > MATTERS, "most of the dice fell on something legal"
    await the_journal_agrees(home, opened, events)


async def published(home: Installation, opened: list[str]) -> dict[str, list[int]]:
    """The versions of each incident in the order of the topic, once nothing is unsent."""
    conn = await asyncpg.connect(home.admin_dsn, server_settings={"search_path": "workflow"})
    async with asyncio.timeout(PATIENCE):
        while await conn.fetchval("SELECT count(*) FROM unsent"):
            await asyncio.sleep(0.1)
    total = await conn.fetchval("SELECT count(*) FROM journal")
    await conn.close()
    consumer = AIOKafkaConsumer(
        EVENTS, bootstrap_servers=home.broker.address, auto_offset_reset="earliest"
    )
    await consumer.start()
    versions: dict[str, list[int]] = {incident_id: [] for incident_id in opened}
    async with asyncio.timeout(PATIENCE):
        while sum(map(len, versions.values())) < total:
            event = IncidentEvent.FromString((await consumer.getone()).value)
            if event.meta.aggregate_id in versions:
                versions[event.meta.aggregate_id].append(event.meta.version)
    await consumer.stop()
    return versions


async def the_journal_agrees(
    home: Installation, opened: list[str], events: dict[str, list[int]]
) -> None:
    decider = build_decider(a_city)
    conn = await asyncpg.connect(home.admin_dsn, server_settings={"search_path": "workflow"})
    for incident_id in opened:
        rows = await conn.fetch(
            "SELECT version, payload FROM journal WHERE aggregate_id = $1 ORDER BY version",
            UUID(incident_id),
        )
        # I3: 1, 2, 3 … in the journal, and in that order on the topic.
        assert [row["version"] for row in rows] == list(range(1, len(rows) + 1))
        assert events[incident_id] == [row["version"] for row in rows]
        journal = [decider.from_event(row["payload"]) for row in rows]
        found: Incident | None = None
        for event in journal:
            found = INCIDENTS.evolve(found, event)
            # I1: a unit answers for it after every single event.
            assert found.charge.accountable_unit in a_city().units
            assert found.state not in HELD or found.charge.accountable_unit == found.charge.unit
        # I4: what was answered is what the row, and the fold of the journal, says.
        row = await conn.fetchrow(
            "SELECT shape, doc::text AS doc FROM incidents WHERE id = $1", UUID(incident_id)
        )
        assert decider.from_row(taken(row)) == found
        assert decider.fold(row["payload"] for row in rows) == found
    await conn.close()

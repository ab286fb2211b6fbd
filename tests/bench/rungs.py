"""B6: how late the rungs of the ladder are while 2,000 missions are open that no team answers.

The missions are sent evenly over a minute, so that rungs fall due all the time; the lateness is
the event's own time after the time at which its rung was due, as the journal has it.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc

from backbone.process.settings import PORTS
from backbone.process.signing import Signatures
from backbone.rpc.caller import metadata_for
from backbone.rpc.signed import SigningChannel
from backbone.words.actor import Actor
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from liandong.emergency.v1.emergency_pb2 import Order
from liandong.place.v1.place_pb2 import Place
from operate.home.keys import Keys
from tests.bench.figures import Figure
from tests.bench.openloop import offered
from tests.bench.plan import Plan
from tests.bench.world import DESK, TOWNSHIP, World

OPEN = 2_000
RATE = 35
WATCHED = 60
GATES = {"p50": 100.0, "p99": 250.0}

FIRED = """
SELECT payload FROM emergency.journal
WHERE kind = 'liandong.emergency.unanswered.v1' AND time >= $1
"""


async def measure(world: World, plan: Plan) -> list[Figure]:
    """The lateness of all rungs of a minute; `plan.runs` is left out: it takes minutes."""
    names = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    ours = {
        name: Figure("B6", f"rung due → fired, {OPEN} open {name}", "ms", gate=GATES.get(name))
        for name in names
    }
    rate = Figure("B6", f"rungs fired a second, {OPEN} open", "1/s", judged=False)
    await opened(world)
    since = datetime.now(UTC)
    await asyncio.sleep(WATCHED)
    async with world.connected() as conn:
        rows = await conn.fetch(FIRED, since)
    late = sorted(lateness(EmergencyEvent.FromString(row["payload"])) for row in rows)
    for name, share in names.items():
        ours[name].runs.append(1_000 * late[min(len(late) - 1, int(share * len(late)))])
    rate.runs.append(len(late) / WATCHED)
    return [*ours.values(), rate]


def lateness(event: Any) -> float:
    late = event.meta.time.ToDatetime() - event.unanswered.due_time.ToDatetime()
    return float(late.total_seconds())


async def opened(world: World) -> None:
    """Send the teams to so many matters of their own."""
    teams = [row["team"] for row in world.teams()]
    home = world.city.home
    keys = Keys.of(home / "secret", home / "postgres" / "data")
    base = int(world.gateway.rpartition(":")[2])
    address = f"127.0.0.1:{base + PORTS['emergency'][0]}"
    signatures = Signatures("gateway", keys.keyring("gateway"), keys.signers())
    opened = grpc.aio.insecure_channel(address)
    async with SigningChannel(opened, signatures, "emergency") as channel:
        stub = rpc.EmergencyServiceStub(channel)

        async def send(number: int) -> None:
            order = an_order(teams[number % len(teams)])
            metadata = metadata_for(keys.token, Actor("zhao", DESK), request_id=str(uuid4()))
            request = pb.DispatchMissionRequest(order=order)
            await stub.DispatchMission(request, metadata=metadata, timeout=10)

        await offered(RATE, list(range(OPEN)), send)


def an_order(team: str) -> Order:
    matter = uuid4()
    return Order(
        matter_id=str(matter),
        code=f"990101260101-{matter.int % 1_000_000:06}-3",
        team=team,
        priority="P1",
        place=Place(text="长风路12号", area=TOWNSHIP),
        narrative="两车相撞,有人受伤",
        category="traffic.accident.injury",
        ordered_by="zhao",
        ordered_unit=DESK,
    )

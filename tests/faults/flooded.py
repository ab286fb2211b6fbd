"""A table of the flow is held by a hand, and a great many commands and reads come for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from backbone.process.signing import Signatures
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import channel_to
from backbone.rpc.signed import SigningChannel
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from operate.home.keys import Keys
from operate.replay.client import Refused
from services.workflow import codec
from tests.faults.injected import Fault, Scene
from tests.people import act, open_incident
from tests.servers import Installed

COMMANDS, READERS, PROBED = 1_500, 60, 120.0
# More than the edge lets a call wait, so that the edge's own patience counts.
PATIENCE = 20.0


@asynccontextmanager
async def workflow(city: Installed) -> AsyncIterator[Any]:
    """The service as the gateway asks it, past the gateway's limits."""
    keys = Keys.read(city.home / "secret")
    signatures = Signatures("gateway", keys.keyring("gateway"), keys.signers())
    address = city.run["processes"]["workflow"]["grpc"]
    async with channel_to("workflow", address, None) as channel:
        yield rpc.IncidentServiceStub(SigningChannel(channel, signatures, "workflow"))


async def burst(
    city: Installed, incident: str, unit: str, commands: int = COMMANDS, readers: int = READERS
) -> None:
    """All commands at once: many are on the stream before the first one fails. Readers go on."""
    token = Keys.read(city.home / "secret").token
    by = Actor(f"clerk.{unit}", unit, "clerk", unit.partition("-")[0])

    async with workflow(city) as stub:

        async def ask(method: Any, request: Any) -> None:
            with suppress(grpc.aio.AioRpcError):
                said = metadata_for(token, by, request_id=str(uuid4()))
                await method(request, metadata=said, timeout=PATIENCE)

        async def read() -> None:
            while True:
                await ask(stub.GetIncident, pb.GetIncidentRequest(incident_id=incident))

        claim = pb.ClaimIncidentRequest(incident_id=incident)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(commands):
                tasks.create_task(ask(stub.ClaimIncident, claim))
            for _ in range(readers):
                tasks.create_task(read())


async def fail(scene: Scene, incident: str, unit: str) -> None:
    """A person tries, again and again."""
    clerk = await scene.visit.person(f"clerk.{unit}")
    while True:
        with suppress(Refused, OSError):
            await act(clerk, f"/v1/incidents/{incident}:claim")
        await asyncio.sleep(0.2)


async def repeat_a_command(brokers: str) -> None:
    """Put a command that workflow has signed onto the stream so often that its lane is full."""
    async with AIOKafkaConsumer(
        codec.COMMANDS, bootstrap_servers=brokers, auto_offset_reset="earliest"
    ) as consumer:
        known = await consumer.getone()
    async with AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        for _ in range(COMMANDS):
            await producer.send(codec.COMMANDS, known.value, known.key, headers=[*known.headers])


async def make(scene: Scene) -> None:
    incident = await open_incident(await scene.visit.person("call_taker.990100-command"))
    before = await scene.visit.person(f"clerk.{incident['unit']}")
    await act(before, f"/v1/incidents/{incident['id']}:claim")
    holder = await asyncpg.connect(scene.city.run["database"])
    await holder.execute("BEGIN; LOCK TABLE workflow.incidents IN ACCESS EXCLUSIVE MODE")
    of = incident["id"], incident["unit"]
    tasks = [
        asyncio.create_task(burst(scene.city, *of)),
        asyncio.create_task(fail(scene, *of)),
    ]
    await repeat_a_command(scene.city.run["kafka"])
    scene.left = holder, tasks, of


async def mend(scene: Scene) -> None:
    holder, tasks, (incident, unit) = scene.left
    await holder.close()
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # The breaker closes with a probe that arrives: one command in fifty.
    async with asyncio.timeout(PROBED):
        while await asyncio.to_thread(scene.watch.values, "liandong_stream_breaker_open == 1"):
            await burst(scene.city, incident, unit, 5, 0)


FLOOD = Fault(
    "a table is locked under load",
    make,
    mend,
    (
        ("LaneFull", {}),
        ("QueueFull", {"service": "workflow"}),
        ("BreakerOpen", {}),
        ("PoolExhausted", {"service": "workflow"}),
        ("BudgetBurnsFast", {"slo": "acceptance"}),
        ("BudgetBurns", {"slo": "acceptance"}),
    ),
)

"""The tests' service behind a real gRPC port: a few calls of the incident contract."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc

from backbone.door.request import created_id
from backbone.process.keyring import Keyring
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.process.signing import publics_of
from backbone.rpc.caller import caller_of, metadata_for
from backbone.rpc.channels import open_channel
from backbone.shell.shell import Shell, open_shell
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from tests.ledger.building import notes
from tests.ledger.domain import Break, Claim, Note, Wait, Write
from tests.servers import free_port

TOKEN = "the internal token"
LI = Actor("li", "990101001-police", "clerk", "990101001")
NO_KAFKA = "127.0.0.1:1"


class LedgerSettings(Settings):
    """Settings of a service that the product does not have."""

    @property
    def schema(self) -> str:
        return "ledger"


def ledger_settings(dsn: str, brokers: str = NO_KAFKA, port: int = 0) -> LedgerSettings:
    port = port or free_port()
    keyring = Keyring((bytes(32),))
    environ = {
        "LIANDONG_WORKFLOW_ADDRESS": f"127.0.0.1:{port}",
        "LIANDONG_SIGNERS": json.dumps({"workflow": publics_of(keyring)}),
    }
    return LedgerSettings("ledger", dsn, brokers, TOKEN, keyring, port, 0, "127.0.0.1", environ)


class Notes(rpc.IncidentServiceServicer):
    """Calls of the contract that happen to fit."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def OpenIncident(self, request: pb.OpenIncidentRequest, context: Any) -> Any:
        caller = caller_of(context)
        note_id = created_id(caller.request_id, "note")
        command = Write(note_id, request.matter.title)
        note = await self._shell.perform(notes, context, command, request, note_id, caller)
        return pb.OpenIncidentResponse(incident=shown(note))

    async def ClaimIncident(self, request: pb.ClaimIncidentRequest, context: Any) -> Any:
        note_id = UUID(request.incident_id)
        note = await self._shell.perform(notes, context, Claim("li"), request, note_id)
        return pb.ClaimIncidentResponse(incident=shown(note))

    async def RouteIncident(self, request: pb.RouteIncidentRequest, context: Any) -> Any:
        await self._shell.perform(notes, context, Wait(), request, UUID(request.incident_id))

    async def VoidIncident(self, request: pb.VoidIncidentRequest, context: Any) -> Any:
        await self._shell.perform(notes, context, Break(), request, UUID(request.incident_id))

    async def GetIncident(self, request: pb.GetIncidentRequest, context: Any) -> Any:
        raise ZeroDivisionError("a bug of an edge")


def shown(note: Note) -> resources.Incident:
    return resources.Incident(
        id=str(note.id), version=note.version, title=note.text, holder=note.holder
    )


@dataclass
class Served:
    """A running service and a client of it."""

    settings: LedgerSettings
    shell: Shell
    stub: rpc.IncidentServiceStub
    channel: grpc.aio.Channel
    running: asyncio.Task[None]

    async def call(
        self, method: str, request: Any, who: Actor = LI, **more: str
    ) -> tuple[Any, dict[str, str]]:
        """Answer and trailing metadata. Raises AioRpcError."""
        metadata = metadata_for(TOKEN, who)
        metadata += [(name.replace("_", "-"), value) for name, value in more.items()]
        call = getattr(self.stub, method)(request, timeout=30, metadata=metadata)
        answer = await call
        trailers = {name: str(value) for name, value in await call.trailing_metadata()}
        return answer, trailers


@asynccontextmanager
async def a_ledger(settings: LedgerSettings, pulse: Pulse | None = None) -> AsyncIterator[Served]:
    """Serve notes until the block ends; then stop as a process does.

    What the block adds before it first waits, such as a consumer, is there from the beginning.
    """
    async with open_shell(settings, pulse or Pulse(), [notes]) as shell:
        shell.serve(rpc.add_IncidentServiceServicer_to_server, Notes(shell), pb.DESCRIPTOR)
        running = asyncio.create_task(shell.run())
        async with open_channel(settings, "workflow") as channel:
            yield Served(settings, shell, rpc.IncidentServiceStub(channel), channel, running)
            running.cancel()
            await asyncio.wait([running])

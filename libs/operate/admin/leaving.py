"""Hands the matters of a leaver to a successor, with the right of the head of their unit."""

from typing import Any

import grpc

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import channel_to
from backbone.rpc.signed import SigningChannel
from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2_grpc as incidents
from liandong.population.v1 import population_service_pb2_grpc as population
from operate.admin.accounts import operator
from operate.admin.register import opened
from operate.home import absence, certificates
from operate.home.trouble import Trouble
from operate.run.installation import Installation

STUBS = {"workflow": incidents.IncidentServiceStub, "population": population.PopulationServiceStub}
PATIENCE = 6.0


async def leave(installation: Installation, user: str, successor: str) -> dict[str, Any]:
    """Disable the leaver's account and hand everything over. Raises Trouble; a repeat goes on."""
    async with opened(installation) as books:
        going = books.leaving
        leaver, _ = await going.pair(user, successor)
        if not leaver["disabled"]:
            await books.accounts.disable(user)
        actor = Actor(operator(), leaver["unit"], "head", leaver["area"])
        call = call_as(installation, actor)
        try:
            done = await going.hand_over(user, successor, operator(), call)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                raise absence.of(installation, "workflow") from error
            raise Trouble(
                f"Not everything was handed over ({error.details()}): run it again, it goes on.",
                f"未能全部移交（{error.details()}）：请重新执行，将从中断处继续。",
            ) from error
    told: dict[str, Any] = done.told()
    return told


def call_as(installation: Installation, actor: Actor) -> Any:
    async def call(service: str, rpc: str, message: Any) -> Any:
        address = installation.home.ports.grpc_address(service) or ""
        wires = installation.protection.of(certificates.OPERATOR)
        opened = channel_to(service, address, wires)
        async with SigningChannel(opened, installation.signatures, service) as channel:
            metadata = metadata_for(installation.keys.token, actor)
            stub: Any = STUBS[service]
            method = getattr(stub(channel), rpc)
            return await method(message, metadata=metadata, timeout=PATIENCE)

    return call

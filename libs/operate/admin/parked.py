"""Parked events: readable ones in the inboxes of services, which could not be applied."""

import asyncio
from datetime import UTC
from typing import Any

import grpc

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import channel_to
from backbone.rpc.signed import SigningChannel
from backbone.words.actor import Actor
from liandong.operations.v1 import operations_service_pb2 as pb
from liandong.operations.v1 import operations_service_pb2_grpc as rpc
from operate.admin.deadletters import Letter
from operate.home import certificates
from operate.home.trouble import Trouble
from operate.run.installation import Installation

PATIENCE = 5.0
# The services that apply events, and so may have parked ones.
APPLYING = ("alarm", "petition", "dispute", "emergency", "population", "workflow")
OPERATOR = Actor(user="liandong", role="operator")


async def read_parked(installation: Installation) -> tuple[list[Letter], list[str]]:
    """Return the parked events, and the names of services that did not answer."""
    answers = await asyncio.gather(*(ask(installation, name) for name in APPLYING))
    silent = [name for name, found in zip(APPLYING, answers, strict=True) if found is None]
    return [letter for found in answers for letter in found or ()], silent


async def ask(installation: Installation, service: str) -> list[Letter] | None:
    async with channel(installation, service) as opened:
        stub: Any = rpc.OperationsServiceStub(opened)
        try:
            answer = await stub.ListParked(
                pb.ListParkedRequest(), metadata=metadata(installation), timeout=PATIENCE
            )
        except grpc.aio.AioRpcError:
            return None
    return [parked(service, each) for each in answer.parked]


def parked(service: str, event: pb.Parked) -> Letter:
    return Letter(
        topic=event.topic,
        partition=event.partition,
        offset=event.offset,
        time=event.time.ToDatetime(UTC).isoformat(),
        reason=event.reason,
        service=service,
        group=event.group,
        kind="parked",
        aggregate_id=event.aggregate_id,
    )


async def replay(installation: Installation, letters: list[Letter]) -> tuple[int, int]:
    """Replay the parked events of these letters' aggregates; return (applied, waiting)."""
    applied = waiting = 0
    for service, group, aggregate_id in sorted(
        {(each.service, each.group, each.aggregate_id) for each in letters}
    ):
        async with channel(installation, service) as opened:
            stub: Any = rpc.OperationsServiceStub(opened)
            try:
                answer = await stub.ReplayParked(
                    pb.ReplayParkedRequest(group=group, aggregate_id=aggregate_id),
                    metadata=metadata(installation),
                    timeout=PATIENCE * 4,
                )
            except grpc.aio.AioRpcError as error:
                raise Trouble(
                    f"{service} did not replay {aggregate_id}: {error.details()}",
                    f"{service} 未能重放 {aggregate_id}:{error.details()}",
                ) from error
        applied, waiting = applied + answer.applied, waiting + answer.waiting
    return applied, waiting


def channel(installation: Installation, service: str, address: str = "") -> SigningChannel:
    """To a service, or to that one of its processes which has the address."""
    address = address or installation.home.ports.grpc_address(service) or ""
    opened = channel_to(service, address, installation.protection.of(certificates.OPERATOR))
    return SigningChannel(opened, installation.signatures, service)


def metadata(installation: Installation) -> list[tuple[str, str]]:
    return metadata_for(installation.keys.token, OPERATOR)

"""Consumers and refused follow-ups that stand still in the services, and their remedies."""

import asyncio
import getpass
from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import refusal_of
from backbone.words.actor import Actor
from liandong.operations.v1 import operations_service_pb2 as pb
from liandong.operations.v1 import operations_service_pb2_grpc as rpc
from operate.admin import followers
from operate.admin.followers import is_follower
from operate.admin.parked import APPLYING, PATIENCE, channel
from operate.home import elsewhere
from operate.home.trouble import Trouble
from operate.run.installation import Installation

MOST = 200  # links of one page


def operator() -> Actor:
    """The person at the terminal, by the account of the machine."""
    return Actor(user=f"liandong/{getpass.getuser()}", role="operator")


@asynccontextmanager
async def operations(installation: Installation, service: str, address: str = "") -> Any:
    """A function that calls one method of the service, or of one of its processes, as operator."""
    async with channel(installation, service, address) as opened:
        stub: Any = rpc.OperationsServiceStub(opened)
        metadata = metadata_for(installation.keys.token, operator())

        async def call(method: str, request: Any) -> Any:
            return await getattr(stub, method)(request, metadata=metadata, timeout=PATIENCE)

        yield call


async def of_all(ask: Callable[[str], Any]) -> tuple[Any, list[str]]:
    """The answers of all services that answer, and the names of those that do not."""
    answers = await asyncio.gather(*(ask(name) for name in APPLYING), return_exceptions=True)
    found, silent = [], []
    for name, answer in zip(APPLYING, answers, strict=True):
        if isinstance(answer, grpc.aio.AioRpcError):
            silent.append(name)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found += [(name, each) for each in answer]
    return found, silent


async def consumers(installation: Installation) -> tuple[list[dict[str, Any]], list[str]]:
    """How every consumer stands, followers that apply nothing among them, and the services that
    did not answer."""

    async def ask(service: str) -> Any:
        listed = []
        for address in await addresses_of(installation, service):
            async with operations(installation, service, address) as call:
                listed += (await call("ListConsumers", pb.ListConsumersRequest())).consumers
        return worst(listed)

    found, silent = await of_all(ask)
    rows = [
        {
            "service": service,
            "group": each.group,
            "topic": each.topic,
            "stopped": each.stopped,
            "lag_seconds": round(each.lag_seconds, 1),
            "parked": each.parked,
            "refused": each.refused,
        }
        for service, each in found
    ]
    others, mute = await followers.rows(installation)
    return [*rows, *others], [*dict.fromkeys([*silent, *mute])]


async def resume_all(installation: Installation) -> tuple[list[str], list[str]]:
    """Let every stopped consumer go on; the groups, and the services that did not answer."""
    rows, silent = await consumers(installation)
    stopped = [each for row in rows if row["stopped"] and not is_follower(each := row["group"])]
    return [group for group in stopped if await resume(installation, group)], silent


async def resume(installation: Installation, group: str) -> bool:
    """Let a stopped consumer go on; return whether it was stopped. Raises Trouble."""
    service = group.partition(".")[0]
    if is_follower(group):
        return False
    if service not in APPLYING:
        raise no_such_consumer(group)
    stopped = False
    try:
        for address in await addresses_of(installation, service):
            async with operations(installation, service, address) as call:
                answer = await call("ResumeConsumer", pb.ResumeConsumerRequest(group=group))
                stopped |= answer.was_stopped
    except grpc.aio.AioRpcError as error:
        if (refusal := refusal_of(error)) and refusal.reason == "NO_SUCH_CONSUMER":
            raise no_such_consumer(group) from error
        raise silent_trouble(service) from error
    return stopped


async def addresses_of(installation: Installation, service: str) -> list[str]:
    """One for each process of the service, also behind one name: each has a consumer of its own."""
    ports = installation.home.ports
    if service in ports.copies:
        return [ports.own_address(name) for name in ports.names(service)]
    address = ports.grpc_address(service) or ""
    return await elsewhere.ends_of(address) or [address]


def worst(listed: Iterable[Any]) -> list[Any]:
    """One consumer of each group: that which has stopped, or else lags most."""
    ordered = sorted(listed, key=lambda each: (each.stopped, each.lag_seconds))
    return list({each.group: each for each in ordered}.values())


async def links(installation: Installation) -> tuple[list[dict[str, Any]], list[str]]:
    """The refused follow-ups that no person has settled, oldest first."""

    async def ask(service: str) -> list[pb.RefusedLink]:
        found: list[pb.RefusedLink] = []
        async with operations(installation, service) as call:
            request = pb.ListRefusedLinksRequest(page_size=MOST)
            while page := (await call("ListRefusedLinks", request)).items:
                found += page
                request.after_time.CopyFrom(page[-1].time)
                request.after_event = page[-1].event_id
        return found

    found, silent = await of_all(ask)
    rows = [
        {
            "event": each.event_id,
            "record": each.aggregate_id,
            "matter": each.matter,
            "group": each.group,
            "reason": each.reason,
            "owner": each.unit,
            "time": each.time.ToJsonString(),
        }
        for _, each in found
    ]
    return sorted(rows, key=lambda row: str(row["time"])), silent


async def settle(installation: Installation, event: str, note: str) -> int:
    """Settle all refused follow-ups of one event; return how many. Raises Trouble."""
    rows, silent = await links(installation)
    wanted = [row for row in rows if row["event"] == event]
    if not wanted and silent:
        raise silent_trouble(", ".join(silent))
    if not wanted:
        raise Trouble(
            f"No refused follow-up of the event {event} waits; `liandong links list` shows those "
            "that do.",
            f"事件 {event} 没有待处理的后续联动；请用 liandong links list 查看。",
        )
    for row in wanted:
        request = pb.SettleRefusedLinkRequest(
            event_id=event, aggregate_id=str(row["record"]), note=note
        )
        service = str(row["group"]).partition(".")[0]
        try:
            async with operations(installation, service) as call:
                await call("SettleRefusedLink", request)
        except grpc.aio.AioRpcError as error:
            raise silent_trouble(service) from error
    return len(wanted)


def no_such_consumer(group: str) -> Trouble:
    return Trouble(
        f"There is no consumer {group}; `liandong consumers list` shows all.",
        f"没有消费组 {group}；请用 liandong consumers list 查看。",
    )


def silent_trouble(names: str) -> Trouble:
    return Trouble(
        f"No answer from {names}: `liandong status` tells more.",
        f"{names} 没有应答；请用 liandong status 查看。",
    )

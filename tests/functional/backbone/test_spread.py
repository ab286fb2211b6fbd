"""A service with several addresses: calls take turns, and none fails while instances restart."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from backbone.process.settings import Settings
from backbone.rpc import spread
from backbone.rpc.channels import open_channel, target_of
from backbone.rpc.server import Server
from backbone.rpc.spread import open_shared
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from tests.gateway import TOKEN, settings_for
from tests.servers import free_port

METADATA = (("liandong-token", TOKEN),)
CALLS = 60


class Instance(rpc.IncidentServiceServicer):
    """One of the instances; counts what it answers."""

    def __init__(self, port: int) -> None:
        self.answered = 0
        self._settings = settings_for("postgres://unused", {}, port=port)
        self._server: Server | None = None

    async def ListIncidents(self, request: Any, context: Any) -> Any:
        self.answered += 1
        return pb.ListIncidentsResponse()

    async def start(self) -> None:
        self._server = Server(self._settings)
        self._server.serve(rpc.add_IncidentServiceServicer_to_server, self, pb.DESCRIPTOR)
        await self._server.start()

    async def stop(self) -> None:
        assert self._server is not None
        await self._server.stop(0.2)


def calling(*ports: int) -> Settings:
    address = ",".join(f"127.0.0.1:{port}" for port in ports)
    told = {"LIANDONG_WORKFLOW_ADDRESS": address}
    return settings_for("postgres://unused", told, port=free_port())


async def ask(stub: Any, times: int = CALLS) -> None:
    for _ in range(times):
        await stub.ListIncidents(pb.ListIncidentsRequest(), timeout=30, metadata=METADATA)


async def test_calls_take_turns_and_none_fails_while_each_instance_restarts() -> None:
    one, two = ports = free_port(), free_port()
    instances = [Instance(port) for port in ports]
    settings = calling(one, two)
    async with AsyncExitStack() as stack:
        for instance in instances:
            await instance.start()
            stack.push_async_callback(instance.stop)
        channel = await stack.enter_async_context(open_channel(settings, "workflow"))
        stubs: list[Any] = [rpc.IncidentServiceStub(channel)]
        stubs.append(rpc.IncidentServiceStub(open_shared(settings, "workflow")))
        for stub in stubs:
            before = [instance.answered for instance in instances]
            await ask(stub, 10)  # both connections stand
            await ask(stub)
            gained = [i.answered - b for i, b in zip(instances, before, strict=True)]
            assert min(gained) >= CALLS // 4, gained
        for instance in instances:
            await instance.stop()
            for stub in stubs:
                await ask(stub)
            await instance.start()
            for stub in stubs:
                await ask(stub)


async def test_an_instance_that_comes_later_gets_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Streams grow old, and open anew where nothing is under way."""
    monkeypatch.setattr(spread, "LASTS", 0.3)
    one, two = ports = free_port(), free_port()
    first, later = (Instance(port) for port in ports)
    async with AsyncExitStack() as stack:
        await first.start()
        stack.push_async_callback(first.stop)
        stub: Any = rpc.IncidentServiceStub(open_shared(calling(one, two), "workflow"))
        await ask(stub, 10)
        await later.start()
        stack.push_async_callback(later.stop)
        async with asyncio.timeout(10):
            while not later.answered:
                await ask(stub, 1)
                await asyncio.sleep(0.02)
        before = first.answered, later.answered
        await ask(stub)
        assert first.answered + later.answered - sum(before) == CALLS, "none twice"


def test_how_grpc_is_told_of_addresses() -> None:
    assert target_of("10.0.0.1:1,10.0.0.2:1") == "ipv4:10.0.0.1:1,10.0.0.2:1"
    for one in ("dns:///workflow:8620", "workflow:8620", "[::1]:8620"):
        assert target_of(one) == one

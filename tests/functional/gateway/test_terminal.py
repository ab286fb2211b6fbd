"""A team's stream: resumed by the service's own cursor, taken up again when the service dies."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
import httpx
import pytest
import uvicorn

from backbone.process.pulse import Pulse
from backbone.rpc.edge import Edge
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from services.gateway.http.server import Server
from services.gateway.wiring import open_gateway
from tests.functional.gateway.terminals import Terminals, a_push
from tests.gateway import HOST, PASSWORD, TOKEN, settings_for
from tests.servers import PLAIN, free_port

STREAM = "/v1/teams/team-7/stream"


@pytest.fixture
async def terminals() -> AsyncIterator[tuple[Terminals, str]]:
    servicer = Terminals()
    server = grpc.aio.server(interceptors=[Edge(TOKEN, lambda *_: None)])
    rpc.add_EmergencyServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    yield servicer, f"{HOST}:{port}"
    await server.stop(grace=0)


@pytest.fixture
async def http(
    gateway_database: str, terminals: tuple[Terminals, str]
) -> AsyncIterator[httpx.AsyncClient]:
    """Over a real server: a stream does not end, so it cannot be had in process."""
    environ = {
        "LIANDONG_EMERGENCY_ADDRESS": terminals[1],
        "LIANDONG_GATEWAY_SESSION_CHECK_SECONDS": "0.1",
    }
    settings, port = settings_for(gateway_database, environ), free_port()
    async with open_gateway(settings, Pulse()) as gateway:
        server = Server(uvicorn.Config(gateway.app, port=port, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        async with httpx.AsyncClient(
            base_url=f"http://{HOST}:{port}", timeout=10, verify=PLAIN
        ) as http:
            yield http
        server.should_exit = True
        await serving


async def sign_in(http: httpx.AsyncClient, user: str) -> dict[str, str]:
    answer = await http.post("/v1/sessions", json={"user": user, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@asynccontextmanager
async def stream(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> AsyncIterator[list[tuple[str, str, Any]]]:
    """The events as they come: (event, id, data)."""
    seen: list[tuple[str, str, Any]] = []

    async def read(lines: AsyncIterator[str]) -> None:
        event = at = ""
        async for line in lines:
            name, _, value = line.partition(": ")
            if name == "id":
                at = value
            elif name == "event":
                event = value
            elif name == "data":
                seen.append((event, at, json.loads(value)))

    async with http.stream("GET", STREAM, headers=headers) as answer:
        assert answer.status_code == 200
        reading = asyncio.create_task(read(answer.aiter_lines()))
        yield seen
        reading.cancel()
        with suppress(asyncio.CancelledError, httpx.TransportError):
            await reading


async def until(seen: list[Any], count: int) -> None:
    async with asyncio.timeout(10):
        while len(seen) < count:
            await asyncio.sleep(0.01)


async def test_missions_come_with_the_services_own_ids(
    http: httpx.AsyncClient, terminals: tuple[Terminals, str]
) -> None:
    service, leader = terminals[0], await sign_in(http, "leader7")
    service.mailbox += [a_push(1), a_push(2)]
    async with stream(http, leader) as seen:
        await until(seen, 3)
        service.mailbox.append(a_push(3, attempt=2))
        await until(seen, 4)
    welcome, *pushes = seen
    assert welcome[0] == "welcome"
    assert [(event, at) for event, at, _ in pushes] == [
        ("mission", "1"),
        ("mission", "2"),
        ("mission", "3"),
    ]
    assert (
        pushes[2][2] | {"seq": 3, "mission": "m-3", "attempt": 2, "priority": "P1"} == pushes[2][2]
    )
    assert "cursor" not in pushes[2][2]
    async with stream(http, leader | {"Last-Event-ID": "2"}) as seen:
        await until(seen, 2)
    assert seen[1][1] == "3"
    assert service.asked == [("team-7", "", "team-7"), ("team-7", "2", "team-7")]


async def test_a_lost_service_is_taken_up_again_unnoticed(
    http: httpx.AsyncClient, terminals: tuple[Terminals, str]
) -> None:
    service, leader = terminals[0], await sign_in(http, "leader7")
    service.mailbox.append(a_push(1))
    async with stream(http, leader) as seen:
        await until(seen, 2)
        service.cut()
        service.mailbox.append(a_push(2))
        async with asyncio.timeout(10):
            while not any(at == "2" for _, at, _ in seen):
                await asyncio.sleep(0.01)
    assert [at for event, at, _ in seen if event == "mission"] == ["1", "2"]


async def test_the_stream_ends_with_the_session(
    http: httpx.AsyncClient, terminals: tuple[Terminals, str]
) -> None:
    leader = await sign_in(http, "leader7")
    async with http.stream("GET", STREAM, headers=leader) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        assert (await http.delete("/v1/sessions/current", headers=leader)).status_code == 204
        await asyncio.sleep(0.2)
        terminals[0].mailbox.append(a_push(1))
        async with asyncio.timeout(10):
            assert [line async for line in lines][-1] == ""


async def test_the_stream_of_another_team_is_closed(http: httpx.AsyncClient) -> None:
    leader, clerk = await sign_in(http, "leader7"), await sign_in(http, "li")
    other = await http.get("/v1/teams/team-8/stream", headers=leader)
    assert (other.status_code, other.json()["reason"]) == (403, "NOT_YOUR_TEAM")
    assert (await http.get(STREAM, headers=clerk)).status_code == 403
    stolen = await http.get(f"{STREAM}?device=stolen", headers=leader)
    assert (stolen.status_code, stolen.json()["reason"]) == (403, "NOT_YOUR_TEAM")
    bad = await http.get(STREAM, headers=leader | {"Last-Event-ID": "9" * 200})
    assert (bad.status_code, bad.json()["reason"]) == (400, "MALFORMED_EVENT_ID")


async def test_a_step_of_another_device_comes_with_its_id(
    http: httpx.AsyncClient, terminals: tuple[Terminals, str]
) -> None:
    service, leader = terminals[0], await sign_in(http, "leader7")
    service.mailbox.append(a_push(1))
    async with stream(http, leader) as seen:
        await until(seen, 2)
        state = resources.Mission.STATE_ACKNOWLEDGED
        service.steps.append(
            resources.Step(step=4, cursor="1", mission="m-1", kind="ACKNOWLEDGED", state=state)
        )
        await until(seen, 3)
    event, at, step = seen[2]
    assert (event, at) == ("step", "1")
    assert (step["step"], step["kind"], step["state"]) == (4, "ACKNOWLEDGED", "ACKNOWLEDGED")
    assert "cursor" not in step

"""Over a real server: what is taken from a person or a key ends within seconds, streams too."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import uvicorn

from backbone.process.pulse import Pulse
from services.gateway.accounts.deputies import Deputies, Period
from services.gateway.accounts.keys import KeyRing
from services.gateway.accounts.loading import end_demo, load_demo
from services.gateway.accounts.register import Entry, Register
from services.gateway.http.server import Server
from services.gateway.wiring import Gateway, open_gateway
from tests.gateway import CODED, HOST, STATION, gateway_database, settings_for
from tests.servers import PLAIN, free_port

__all__ = ["gateway_database"]

GOOD = "grauer-Kiesel-17"
OPERATOR = "operator:test"
PROMISED = 5.0

Running = tuple[httpx.AsyncClient, Gateway]


@pytest.fixture
async def running(gateway_database: str) -> AsyncIterator[Running]:
    """With the default settings, and the loop that watches rights."""
    port, pulse = free_port(), Pulse()
    async with open_gateway(settings_for(gateway_database, {}), pulse) as gateway:
        server = Server(uvicorn.Config(gateway.app, port=port, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve())
        watching = asyncio.create_task(gateway.rights.run(pulse))
        while not server.started:
            await asyncio.sleep(0.01)
        async with httpx.AsyncClient(
            base_url=f"http://{HOST}:{port}", timeout=20, verify=PLAIN
        ) as http:
            yield http, gateway
        server.should_exit = True
        await serving
        watching.cancel()


async def sign_in(http: httpx.AsyncClient, user: str, password: str = GOOD) -> dict[str, str]:
    answer = await http.post("/v1/sessions", json={"user": user, "password": password})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def seconds_to_end(
    http: httpx.AsyncClient,
    header: dict[str, str],
    take_away: Callable[[], Awaitable[object]],
    after: int = 401,
) -> float:
    """From the commit of what is taken away to the end of an open stream; a look with the same
    token is answered so then."""
    async with http.stream("GET", "/v1/changes", headers=header) as stream:
        assert stream.status_code == 200
        parts = stream.aiter_bytes()
        assert await anext(parts)
        await asyncio.sleep(1.5)  # the callers' cache is warm, the watch idle
        await take_away()
        began = time.monotonic()
        async for _ in parts:
            pass
        ended = time.monotonic() - began
    answer = await http.get("/v1/sessions/current", headers=header)
    assert answer.status_code == after
    if after != 200:
        assert answer.json()["reason"] == {401: "SESSION_OVER", 403: "NOT_THE_DEPUTY"}[after]
    return ended


async def test_what_an_auditor_watches_is_on_record(running: Running) -> None:
    """Each opening, as each reading of a list; of others none."""
    http, gateway = running
    watched = "SELECT user_name, purpose FROM reveals WHERE what = 'WatchChanges' ORDER BY position"
    before = len(await gateway.pool.fetch(watched))
    for user in ("li", "auditor"):
        header = await sign_in(http, user, "liandong-demo")
        for purpose in ({}, {"Liandong-Purpose": "%E6%8A%BD%E6%9F%A5"}):
            async with http.stream("GET", "/v1/changes", headers=header | purpose) as stream:
                assert stream.status_code == 200
    lines = (await gateway.pool.fetch(watched))[before:]
    assert [line["user_name"] for line in lines] == ["auditor", "auditor"]
    auditor = await sign_in(http, "auditor", "liandong-demo")
    page = (await http.get("/v1/reveals", headers=auditor)).json()
    found = [each["purpose"] for each in page["items"] if each["what"] == "WatchChanges"]
    assert found[:2] == ["抽查", "审计查阅"]


async def test_of_a_disabled_person_and_of_a_new_password(
    running: Running,
) -> None:
    http, gateway = running
    register, user = Register(gateway.pool, OPERATOR, CODED), f"p{secrets.token_hex(4)}"
    await register.add(Entry(user, "", "clerk", STATION, password=GOOD))
    other = await sign_in(http, "li", "liandong-demo")
    header = await sign_in(http, user)
    renewed = seconds_to_end(http, header, lambda: register.set_password(user, GOOD + "8"))
    assert await renewed < PROMISED
    header = await sign_in(http, user, GOOD + "8")
    assert await seconds_to_end(http, header, lambda: register.disable(user)) < PROMISED
    assert (await http.get("/v1/sessions/current", headers=other)).status_code == 200


async def test_of_a_revoked_key_and_of_a_demo_that_is_over(
    running: Running, gateway_database: str
) -> None:
    http, gateway = running
    ring, name = KeyRing(gateway.pool, OPERATOR, CODED), f"k{secrets.token_hex(4)}"
    made = await ring.add(STATION, "clerk", name)
    header = {"Authorization": f"Bearer {made['key']}"}
    assert await seconds_to_end(http, header, lambda: ring.revoke(name)) < PROMISED
    key = f"demo-{name}"
    keys = [{"key": key, "unit": STATION, "role": "clerk", "name": key}]
    await load_demo(gateway_database, CODED, [], keys, OPERATOR, again=True)
    header = {"Authorization": f"Bearer {key}"}
    ended = seconds_to_end(http, header, lambda: end_demo(gateway_database, CODED, OPERATOR))
    assert await ended < PROMISED


async def test_a_stream_of_one_who_signs_out(running: Running) -> None:
    http, _ = running
    header = await sign_in(http, "zhao", "liandong-demo")
    leave = lambda: http.delete("/v1/sessions/current", headers=header)  # noqa: E731
    assert await seconds_to_end(http, header, leave) < PROMISED


@pytest.mark.parametrize("moved", [("auditor", STATION), ("clerk", "990100-command")])
async def test_a_stream_of_one_who_is_moved_shows_no_more_of_the_unit_and_role_of_before(
    running: Running, moved: tuple[str, str]
) -> None:
    http, gateway = running
    register, user = Register(gateway.pool, OPERATOR, CODED), f"p{secrets.token_hex(4)}"
    await register.add(Entry(user, "", "clerk", STATION, password=GOOD))
    header = await sign_in(http, user)
    move = lambda: register.bring_in(Entry(user, "", *moved))  # noqa: E731
    assert await seconds_to_end(http, header, move, after=200) < PROMISED
    now = (await http.get("/v1/sessions/current", headers=header)).json()["user"]
    assert (now["role"], now["unit"]) == moved


async def test_a_stream_of_a_deputy_ends_with_the_period_and_with_the_person(
    running: Running,
) -> None:
    """A period ends by the clock: no row changes at that moment, and no version moves."""
    http, gateway = running
    register = Register(gateway.pool, OPERATOR, CODED)
    person, deputy = (f"p{secrets.token_hex(4)}" for _ in range(2))
    await register.add(
        *(Entry(each, "", "clerk", STATION, password=GOOD) for each in (person, deputy))
    )
    header = await sign_in(http, deputy) | {"Liandong-Deputy-For": person}

    async def appoint(seconds: float) -> None:
        now = datetime.now(UTC)
        period = Period(now - timedelta(seconds=1), now + timedelta(seconds=seconds))
        await Deputies(gateway.pool, CODED, same_unit).appoint(person, deputy, period, OPERATOR)

    await appoint(4)
    passed = seconds_to_end(http, header, lambda: asyncio.sleep(2.5), after=403)
    assert await passed < PROMISED
    await asyncio.sleep(1.5)  # that there is no deputy is known for a second
    await appoint(600)
    gone = seconds_to_end(http, header, lambda: register.disable(person), after=403)
    assert await gone < PROMISED


async def same_unit(deputy: str, person: str) -> bool:
    return deputy == person

"""A database of one's own that an earlier release has filled with demo accounts and keys."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

from backbone.postgres.migrate import Schema, migrate_all, schemas, service_url
from backbone.process.pulse import Pulse
from services.gateway.accounts.auth import digest
from services.gateway.accounts.loading import load_demo
from services.gateway.accounts.passwords import hash_of
from services.gateway.wiring import Gateway, open_gateway
from tests.gateway import CODED, STATION, settings_for
from tests.ledger.building import SECRET
from tests.servers import running_task

DEMO = "demo-liandong"
ACCOUNT = """
INSERT INTO gateway.accounts (user_name, display_name, role, unit, area, password_hash)
VALUES ($1, $1, 'clerk', $2, '990101001', $3)
"""
KEY = """
INSERT INTO gateway.api_keys (key_hash, name, role, unit, area, exempt)
VALUES ($1, $2, 'clerk', $3, '990101001', $4)
"""


def of_then() -> list[Schema]:
    """The gateway's schema as 0.1.0 left it."""
    [schema] = [each for each in schemas() if each.name == "gateway"]
    names = [each.name for each in schema.files]
    return [replace(schema, files=schema.files[: names.index("0005_accounts_are_real.sql")])]


@pytest.fixture
async def dsn(postgres_dsn: str) -> str:
    """The database, brought up to date."""
    admin = await asyncpg.connect(postgres_dsn)
    name = f"older_{secrets.token_hex(4)}"
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    dsn = urlunsplit(urlsplit(postgres_dsn)._replace(path=f"/{name}"))
    await migrate_all(dsn, SECRET, of_then())
    conn = await asyncpg.connect(dsn)
    await conn.execute(ACCOUNT, "clerk.old", STATION, hash_of(DEMO))
    await conn.execute(KEY, digest("of-the-demo"), STATION, STATION, True)
    await conn.execute(KEY, digest("of-a-partner"), "partner-1", STATION, False)
    await conn.close()
    await migrate_all(dsn, SECRET)
    return dsn


@pytest.fixture
async def gateway(dsn: str) -> AsyncIterator[Gateway]:
    settings = settings_for(service_url(dsn, "gateway", SECRET), {})
    async with open_gateway(settings, Pulse()) as gateway:
        yield gateway


async def answers(gateway: Gateway) -> list[int]:
    """To the account, to the key of the demo, and to the key of a partner."""
    gateway.gate.authenticator.forget_all()
    transport: Any = httpx.ASGITransport(app=gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        body = {"user": "clerk.old", "password": DEMO}
        signed_in = (await http.post("/v1/sessions", json=body)).status_code
        keys = [{"Authorization": f"Bearer of-{each}"} for each in ("the-demo", "a-partner")]
        current = "/v1/sessions/current"
        found = [(await http.get(current, headers=each)).status_code for each in keys]
        return [signed_in, *found]


async def test_what_an_earlier_start_has_made_opens_nothing(dsn: str, gateway: Gateway) -> None:
    assert await answers(gateway) == [401, 401, 200], "a key that an operator made goes on"
    url = service_url(dsn, "gateway", SECRET)
    assert await load_demo(url, CODED, [], [], "operator:test")
    assert await answers(gateway) == [200, 200, 200], "a home of liandong's own stays the demo"


async def code(gateway: Gateway) -> None:
    """Give codes to rows of before, as the gateway does during the day after the migration."""
    for rows in gateway.coded.every:
        missing = f"SELECT true FROM {rows.of.table} WHERE proof IS NULL"
        async with running_task(rows.code_those_of_before(gateway.pool, Pulse())):
            while await gateway.pool.fetchval(missing):
                await asyncio.sleep(0.05)


CHANGED = "UPDATE accounts SET password_hash = $2 WHERE user_name = $1"


async def test_rows_of_before_have_a_day_for_their_codes(dsn: str, gateway: Gateway) -> None:
    """Also those that the release before changes meanwhile, which knows no codes."""
    url = service_url(dsn, "gateway", SECRET)
    assert await load_demo(url, CODED, [], [], "operator:test")
    await code(gateway)
    await gateway.pool.execute(CHANGED, "clerk.old", hash_of(DEMO))
    assert await answers(gateway) == [200, 200, 200]
    await code(gateway)
    admin = await asyncpg.connect(dsn)
    await admin.execute("UPDATE gateway.uncoded SET until = clock_timestamp()")
    await admin.close()
    assert await answers(gateway) == [200, 200, 200], "each has its code when the day is over"
    await gateway.pool.execute(CHANGED, "clerk.old", hash_of(DEMO))
    assert await answers(gateway) == [401, 200, 200]

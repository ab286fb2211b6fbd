"""A database of one's own that an earlier release has filled with demo accounts and keys."""

import asyncio
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

from backbone.postgres.migrate import Schema, migrate_all, schemas, service_url
from backbone.process.pulse import Pulse
from services.gateway.accounts.auth import digest
from services.gateway.accounts.loading import load_demo
from services.gateway.accounts.passwords import hash_of
from services.gateway.wiring import open_gateway
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


async def test_what_an_earlier_start_has_made_opens_nothing(postgres_dsn: str) -> None:
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

    url = service_url(dsn, "gateway", SECRET)
    async with open_gateway(settings_for(url, {}), Pulse()) as gateway:
        transport: Any = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:

            async def answers() -> list[int]:
                body = {"user": "clerk.old", "password": DEMO}
                signed_in = (await http.post("/v1/sessions", json=body)).status_code
                keys = [
                    {"Authorization": f"Bearer of-{each}"} for each in ("the-demo", "a-partner")
                ]
                current = "/v1/sessions/current"
                found = [(await http.get(current, headers=each)).status_code for each in keys]
                return [signed_in, *found]

            assert await answers() == [401, 401, 200], "a key that an operator made goes on"
            assert await load_demo(url, CODED, [], [], "operator:test")
            gateway.gate.authenticator.forget_all()
            assert await answers() == [200, 200, 200], "a home of liandong's own stays the demo"

            async def code() -> None:
                """As the gateway does during the day after the migration."""
                for rows in gateway.coded.every:
                    missing = f"SELECT true FROM {rows.of.table} WHERE proof IS NULL"
                    async with running_task(rows.code_those_of_before(gateway.pool, Pulse())):
                        while await gateway.pool.fetchval(missing):
                            await asyncio.sleep(0.05)

            await code()
            assert await answers() == [200, 200, 200]
            # The release before, which still runs, knows no codes.
            changed = "UPDATE accounts SET password_hash = $2 WHERE user_name = $1"
            await gateway.pool.execute(changed, "clerk.old", hash_of(DEMO))
            assert await answers() == [200, 200, 200]
            await code()
            admin = await asyncpg.connect(dsn)
            await admin.execute("UPDATE gateway.uncoded SET until = clock_timestamp()")
            assert await answers() == [200, 200, 200], "every row has its code, and the day is over"
            await gateway.pool.execute(changed, "clerk.old", hash_of(DEMO))
            assert await answers() == [401, 200, 200]
            await admin.close()

"""What all tests of the gateway share: its database with accounts and keys, and its settings."""

import asyncio
import json
import secrets
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from backbone.postgres.migrate import migrate_all, service_url
from backbone.process.keyring import Keyring
from backbone.process.settings import SCHEMAS, Settings
from backbone.process.signing import publics_of
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.loading import load_accounts
from tests.ledger.building import SECRET

HOST = "127.0.0.1"
PASSWORD = "liandong-demo"
TOKEN = "inside"
# All services of these tests have the same key.
CODED = Coded(Keyring((bytes(32),)))
SIGNERS = json.dumps({name: publics_of(Keyring((bytes(32),))) for name in SCHEMAS.values()})
STATION = "990101001-police"
ACCOUNTS: list[dict[str, Any]] = [
    {"user": "li", "name": "李警官", "role": "clerk", "unit": STATION},
    {"user": "zhao", "name": "赵调度", "role": "dispatcher", "unit": "990100-command"},
    {"user": "auditor", "name": "审计员", "role": "auditor", "unit": "990100"},
    {"user": "leader7", "name": "队长", "role": "team_leader", "unit": STATION, "team": "team-7"},
]
STATION_KEY = "key-of-the-station"
KEYS: list[dict[str, Any]] = [
    {"key": STATION_KEY, "unit": STATION, "role": "clerk", "team": None},
]


@pytest.fixture(scope="session")
def gateway_database(postgres_dsn: str) -> str:
    """A database of the gateway's own, with accounts and keys; logged in as its role."""
    return asyncio.run(_make_database(postgres_dsn))


async def _make_database(postgres_dsn: str) -> str:
    name = f"gateway_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(postgres_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    dsn = urlunsplit(urlsplit(postgres_dsn)._replace(path=f"/{name}"))
    await migrate_all(dsn, SECRET)
    url = service_url(dsn, "gateway", SECRET)
    await load_accounts(url, CODED, [{**row, "password": PASSWORD} for row in ACCOUNTS], KEYS)
    return url


def settings_for(
    database: str, environ: dict[str, str], brokers: str = "127.0.0.1:1", port: int = 0
) -> Settings:
    return Settings(
        name="gateway",
        database_url=database,
        brokers=brokers,
        token=TOKEN,
        keyring=Keyring((bytes(32),)),
        port=port,
        metrics_port=0,
        host=HOST,
        environ={"LIANDONG_SIGNERS": SIGNERS, **environ},
    )

"""What all tests of the gateway share: its database with accounts and keys, and its settings."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from backbone.process.keyring import Keyring
from backbone.process.settings import SCHEMAS, Settings
from backbone.process.signing import publics_of
from services.gateway.accounts import passwords
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.loading import load_accounts
from tests.installation import an_installation

HOST = "127.0.0.1"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway_database(template: str) -> AsyncIterator[str]:
    """A database of the gateway's own, with accounts and keys; logged in as its role.

    From now on passwords are hashed quickly: in the hundreds of sign-ins of these tests, nothing
    hangs on how much a guess costs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", QUICK)
        async with an_installation(template) as database:
            url = database.url("gateway")
            rows = [{**row, "password": PASSWORD} for row in ACCOUNTS]
            await load_accounts(url, CODED, rows, KEYS)
            yield url


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

"""The gateway in process: a real Postgres for sessions, a small real gRPC server for a service."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import grpc
import httpx
import pytest

from backbone.migrate import migrate_all, service_url
from backbone.pulse import Pulse
from backbone.rpc import Edge
from backbone.settings import Settings
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from services.gateway.accounts import load_accounts
from services.gateway.wiring import Gateway, open_gateway
from tests.functional.gateway.incidents import Incidents

SECRET = b"secret of the gateway's tests"
PASSWORD = "liandong-demo"
STATION = "990101001-police"
ACCOUNTS: list[dict[str, Any]] = [
    {"user": "li", "name": "李警官", "role": "clerk", "unit": STATION},
    {"user": "zhao", "name": "赵调度", "role": "dispatcher", "unit": "990100-command"},
    {"user": "auditor", "name": "审计员", "role": "auditor", "unit": "990100"},
    {"user": "leader7", "name": "队长", "role": "team_leader", "unit": STATION, "team": "team-7"},
]
KEYS: list[dict[str, Any]] = [
    {"key": "key-of-the-station", "unit": STATION, "role": "partner", "team": None},
    {"key": "key-of-the-replay", "unit": "990100-command", "role": "dispatcher", "exempt": True},
]


@dataclass
class Face:
    """A client of the application, and what stands behind it."""

    http: httpx.AsyncClient
    incidents: Incidents
    gateway: Gateway
    database: str

    async def sign_in(self, user: str) -> dict[str, str]:
        """The header that says who calls."""
        answer = await self.http.post("/v1/sessions", json={"user": user, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture(scope="session")
def database(postgres_dsn: str) -> str:
    """A database of the gateway's own, with accounts and keys."""
    return asyncio.run(_database(postgres_dsn))


async def _database(postgres_dsn: str) -> str:
    name = f"gateway_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(postgres_dsn)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    dsn = urlunsplit(urlsplit(postgres_dsn)._replace(path=f"/{name}"))
    await migrate_all(dsn, SECRET)
    url = service_url(dsn, "gateway", SECRET)
    await load_accounts(url, [{**row, "password": PASSWORD} for row in ACCOUNTS], KEYS)
    return url


@pytest.fixture
async def incidents() -> AsyncIterator[tuple[Incidents, str]]:
    """A service behind the real edge; answers what the test tells it to."""
    servicer = Incidents()
    server = grpc.aio.server(interceptors=[Edge("inside")])
    rpc.add_IncidentServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield servicer, f"127.0.0.1:{port}"
    await server.stop(grace=0)


def settings_for(database: str, environ: dict[str, str]) -> Settings:
    return Settings(
        name="gateway",
        database_url=database,
        brokers="127.0.0.1:1",
        token="inside",
        key=bytes(32),
        port=0,
        metrics_port=0,
        host="127.0.0.1",
        environ=environ,
    )


@pytest.fixture
def environ() -> dict[str, str]:
    """What a test module may override."""
    return {}


@pytest.fixture
async def face(
    database: str, incidents: tuple[Incidents, str], environ: dict[str, str]
) -> AsyncIterator[Face]:
    servicer, address = incidents
    settings = settings_for(database, {**environ, "LIANDONG_WORKFLOW_ADDRESS": address})
    async with open_gateway(settings, Pulse()) as gateway:
        transport: Any = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            yield Face(http, servicer, gateway, database)

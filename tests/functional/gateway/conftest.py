"""The gateway in process: a real Postgres for sessions, a small real gRPC server for a service."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest

from backbone.process.pulse import Pulse
from backbone.rpc.edge import Edge
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from services.gateway.wiring import Gateway, open_gateway
from tests.functional.gateway.incidents import Incidents
from tests.gateway import HOST, PASSWORD, TOKEN, gateway_database, settings_for

__all__ = ["gateway_database"]


@dataclass
class Face:
    """A client of the application, and what stands behind it."""

    http: httpx.AsyncClient
    incidents: Incidents
    gateway: Gateway

    async def sign_in(self, user: str) -> dict[str, str]:
        """The header that says who calls."""
        answer = await self.http.post("/v1/sessions", json={"user": user, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture
async def incidents() -> AsyncIterator[tuple[Incidents, str]]:
    """A service behind the real edge; answers what the test tells it to."""
    servicer = Incidents()
    server = grpc.aio.server(interceptors=[Edge(TOKEN, lambda *_: None)])
    rpc.add_IncidentServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    yield servicer, f"{HOST}:{port}"
    await server.stop(grace=0)


@pytest.fixture
def environ() -> dict[str, str]:
    """What a test module may override."""
    return {}


@pytest.fixture
async def face(
    gateway_database: str, incidents: tuple[Incidents, str], environ: dict[str, str]
) -> AsyncIterator[Face]:
    servicer, address = incidents
    settings = settings_for(gateway_database, {**environ, "LIANDONG_WORKFLOW_ADDRESS": address})
    async with open_gateway(settings, Pulse()) as gateway:
        transport: Any = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            yield Face(http, servicer, gateway)

"""Petition and workflow in the process of the test, over a real database."""

from collections.abc import AsyncIterator

import pytest

from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.petition.v1.petition_service_pb2_grpc import PetitionServiceStub
from tests.cities import a_city_with_discipline
from tests.installation import Installation
from tests.serving import Client, Home, calling, serving


@pytest.fixture
async def home(database: Installation) -> AsyncIterator[Home]:
    async with serving(database, a_city_with_discipline(), "petition", "workflow") as home:
        yield home


@pytest.fixture
async def call(home: Home) -> AsyncIterator[Client]:
    async with calling(home, "petition", PetitionServiceStub) as client:
        yield client


@pytest.fixture
async def work(home: Home) -> AsyncIterator[Client]:
    async with calling(home, "workflow", IncidentServiceStub) as client:
        yield client

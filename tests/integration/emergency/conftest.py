"""A database of its own for each test, with the smallest city in the service's replica."""

import pytest

from tests.emergency import plant_city
from tests.installation import Installation


@pytest.fixture
async def database_url(database: Installation) -> str:
    """What the service gets; its pauses are so long that no repeat disturbs."""
    await plant_city(database.admin)
    return database.url("emergency")


@pytest.fixture
async def hasty_url(database: Installation) -> str:
    """The same with a policy of pauses that a test can wait for."""
    await plant_city(database.admin, pauses=(1, 2))
    return database.url("emergency")

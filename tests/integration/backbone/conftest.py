"""The tests' own service on a real database: as its own role, with the limits of its role."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from backbone.door.door import Door
from backbone.postgres.pool import Pool, open_pool
from tests.installation import Installation
from tests.ledger.building import CARRIER, notes, shelves


@pytest.fixture
async def pool(database: Installation) -> AsyncIterator[Pool]:
    async with await open_pool(database.url(), "ledger", size=10) as pool:
        yield pool


@pytest.fixture
async def admin(database: Installation) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A role that may change what the service itself may not."""
    conn = await asyncpg.connect(database.admin)
    await conn.execute("SET search_path TO ledger")
    yield conn
    await conn.close()


@pytest.fixture
def door(pool: Pool) -> Door:
    return Door(pool, [notes, shelves], carrier=CARRIER)

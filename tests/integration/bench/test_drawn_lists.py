"""The tables of B8 are drawn into the schema as it is now, and the services read their rows."""

import asyncpg
import pytest

from backbone.postgres.states import taken
from tests.bench.lists.building import HERE, READERS, TABLES, fill
from tests.bench.lists.cases import ACTORS
from tests.bench.lists.services import SERVICES
from tests.installation import Installation

MANY, WHO = 40, "auditor of the city"
EVERY = [table for group in TABLES for table, _ in group]


@pytest.mark.parametrize("table", EVERY)
async def test_the_drawing_fits_the_schema(database: Installation, table: str) -> None:
    schema, name = table.split(".")
    conn = await asyncpg.connect(database.admin)
    try:
        await conn.execute((HERE / "city.sql").read_text())
        await fill(conn, table, MANY)
        rows = await conn.fetch(f"SELECT * FROM {name}")
        read = [SERVICES[schema].read(row) for row in map(taken, rows)]
        assert len({each.id for each in read}) == MANY
        assert all(SERVICES[schema].show(each, ACTORS[WHO]).id for each in read)
        for row in await conn.fetch(READERS):
            assert await conn.fetchval(f"SELECT count(*) FROM {row['relname']}") >= MANY
    finally:
        await conn.close()

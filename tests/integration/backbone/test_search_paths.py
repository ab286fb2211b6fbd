"""A trigger function finds its tables in its own schema, whatever path its caller has."""

from typing import Any

import asyncpg
import pytest

from backbone.postgres.migrate import UNPINNED, migrate, schemas
from tests.installation import Installation

SCHEMAS = [each.name for each in schemas()]
PLANTED = """
CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$
"""


async def connected(database: Installation, schema: str) -> Any:
    return await asyncpg.connect(database.admin, server_settings={"search_path": schema})


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_no_trigger_function_depends_on_its_callers_path(
    database: Installation, schema: str
) -> None:
    conn = await connected(database, schema)
    every = "SELECT count(*) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    found = await conn.fetchval(f"{every} AND prorettype = 'trigger'::regtype")
    assert found
    assert [row["name"] for row in await conn.fetch(UNPINNED)] == []
    await conn.close()


async def test_one_that_does_is_found_and_the_next_migration_mends_it(
    database: Installation,
) -> None:
    conn = await connected(database, "dispute")
    await conn.execute(PLANTED)
    assert [row["name"] for row in await conn.fetch(UNPINNED)] == ["planted()"]
    [schema] = [each for each in schemas() if each.name == "dispute"]
    assert await migrate(conn, schema) == []
    assert await conn.fetch(UNPINNED) == []
    await conn.close()


async def test_an_operator_with_another_path_changes_rights_and_is_noticed(
    database: Installation,
) -> None:
    conn = await asyncpg.connect(database.admin)
    await conn.execute("CREATE TEMPORARY TABLE rights (version bigint)")
    before = await conn.fetchval("SELECT version FROM gateway.rights")
    await conn.execute("""
        INSERT INTO gateway.accounts
            (user_name, folded, display_name, role, unit, area, password_hash)
        VALUES ('li', 'li', 'li', 'clerk', 'police', '990101', 'none');
        UPDATE gateway.accounts SET disabled = true
    """)
    assert await conn.fetchval("SELECT version FROM gateway.rights") > before
    await conn.close()

"""Migrations: forward only, each once, never changed; and what each role may do afterwards."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.postgres.migrate import MigrationError, Schema, migrate_all, schemas
from backbone.postgres.pool import open_pool
from backbone.words.errors import InvalidTransition
from tests.installation import Installation, named
from tests.ledger.building import FILES, LEDGER, SECRET, notes


@pytest.fixture
async def empty(postgres_dsn: str) -> AsyncIterator[Installation]:
    name = f"empty_{uuid4().hex[:12]}"
    conn = await asyncpg.connect(postgres_dsn)
    await conn.execute(f"CREATE DATABASE {name}")
    yield Installation(named(postgres_dsn, name))
    await conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await conn.close()


def a_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture
def one(tmp_path: Path) -> Schema:
    """A schema with the shell's tables and one of its own."""
    first = a_file(tmp_path, "0001_things.sql", "CREATE TABLE things (id int)")
    return replace(LEDGER, files=(*LEDGER.files, first))


async def run(where: Installation, *owned: Schema) -> list[str]:
    return await migrate_all(where.admin, SECRET, owned)


async def ask(where: Installation, statement: str) -> Any:
    conn = await asyncpg.connect(where.url())
    try:
        return await conn.fetchval(statement)
    finally:
        await conn.close()


async def test_a_second_run_does_nothing(empty: Installation, one: Schema) -> None:
    applied = await run(empty, one)
    assert applied[0] == "ledger/shell/0001_shell.sql"
    assert applied[-1] == "ledger/ledger/0001_things.sql"
    assert await run(empty, one) == []


async def test_concurrent_runs_do_the_work_once(empty: Installation, one: Schema) -> None:
    runs = await asyncio.gather(*(run(empty, one) for _ in range(4)))
    assert sorted(map(len, runs)) == [0, 0, 0, len(one.files)]


async def test_a_changed_file_is_refused_by_name(
    empty: Installation, one: Schema, tmp_path: Path
) -> None:
    await run(empty, one)
    a_file(tmp_path, "0001_things.sql", "CREATE TABLE things (id bigint)")
    with pytest.raises(MigrationError, match=r"ledger/0001_things.sql was applied.*and changed"):
        await run(empty, one)


async def test_a_file_is_applied_whole_or_not_at_all(
    empty: Installation, one: Schema, tmp_path: Path
) -> None:
    await run(empty, one)
    bad = a_file(tmp_path, "0002_bad.sql", "CREATE TABLE more (id int); SELECT nonsense")
    two = replace(one, files=(*one.files, bad))
    with pytest.raises(asyncpg.UndefinedColumnError):
        await run(empty, two)
    a_file(tmp_path, "0002_bad.sql", "CREATE TABLE more (id int)")
    assert await run(empty, two) == ["ledger/ledger/0002_bad.sql"]


async def test_an_index_may_be_built_beside_the_traffic(
    empty: Installation, one: Schema, tmp_path: Path
) -> None:
    text = "-- outside a transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON things (id)"
    index = a_file(tmp_path, "0002_index.sql", text)
    two = replace(one, files=(*one.files, index))
    assert "ledger/ledger/0002_index.sql" in await run(empty, two)
    assert await run(empty, two) == []


async def test_grants_are_made_good_by_the_next_run(empty: Installation, one: Schema) -> None:
    """A run that died between its last file and the grants must not leave the role outside."""
    await run(empty, one)
    admin = await asyncpg.connect(empty.admin)
    await admin.execute("REVOKE ALL ON ledger.things FROM liandong_ledger")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(empty, "SELECT count(*) FROM things")
    await run(empty, one)
    assert await ask(empty, "SELECT count(*) FROM things") == 0
    await admin.close()


async def test_another_secret_is_another_password(empty: Installation, one: Schema) -> None:
    await migrate_all(empty.admin, b"another", [one])
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(empty, "SELECT 1")
    await run(empty, one)
    assert await ask(empty, "SELECT 1") == 1


COPY = """
INSERT INTO outcomes (request_id, body_hash, aggregate_id, version, reason, answer, time, call)
VALUES ($1, 'h', $1, 2, $2, $3, '2026-01-01Z', 'first')
"""


async def test_outcomes_lose_their_copies_and_keep_their_refusals(empty: Installation) -> None:
    """0003: what 0.1.0 has answered is answered again, in the words of the refusal."""
    older = replace(LEDGER, files=tuple(each for each in FILES if not each.name.startswith("0003")))
    await run(empty, older)
    refused, accepted = uuid4(), uuid4()
    facts = {"holder": '😀 李"四', "version": "2"}
    async with await open_pool(empty.admin, "ledger") as before:
        answer = {"kind": "InvalidTransition", "facts": facts}
        await before.execute(COPY, refused, "ALREADY_CLAIMED", answer)
        await before.execute(COPY, accepted, "", {"id": str(accepted), "version": 2, "kind": "x"})
    assert await run(empty, LEDGER) == ["ledger/shell/0003_outcomes_without_copies.sql"]
    async with await open_pool(empty.url(), "ledger") as pool:
        found = {each.request_id: each for each in await Door(pool, [notes]).find([refused])}
        told = found[refused].refusal
        assert isinstance(told, InvalidTransition)
        assert (told.reason, told.facts) == ("ALREADY_CLAIMED", facts)
        [done] = await Door(pool, [notes]).find([accepted])
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        assert done == Outcome(accepted, "h", accepted, 2, "", "", {}, moment, "first")


async def test_every_service_is_found_by_its_folder(database: Installation) -> None:
    names = {schema.name for schema in schemas()}
    assert {"workflow", "gateway", "directory"} <= names
    for name in names:
        conn = await asyncpg.connect(database.url(name))
        assert await conn.fetchval("SELECT current_schema()") == name
        assert await conn.fetchval("SELECT count(*) FROM journal") == 0
        await conn.close()


async def test_a_locked_table_holds_up_nobody_for_long(
    empty: Installation, one: Schema, tmp_path: Path
) -> None:
    """A long report reads the table; the migration steps back again and again: others read on."""
    await run(empty, one)
    more = a_file(tmp_path, "0002_more.sql", "ALTER TABLE things ADD COLUMN colour text")
    report = await asyncpg.connect(empty.admin)
    await report.execute("BEGIN; SELECT count(*) FROM ledger.things")
    migrating = asyncio.create_task(run(empty, replace(one, files=(*one.files, more))))
    longest, loop = 0.0, asyncio.get_running_loop()
    until = loop.time() + 3
    while loop.time() < until:
        begin = loop.time()
        await ask(empty, "SELECT count(*) FROM things")
        longest = max(longest, loop.time() - begin)
    assert not migrating.done()
    await report.execute("COMMIT")
    await report.close()
    assert await migrating == ["ledger/ledger/0002_more.sql"]
    assert longest < 2.5

"""The journal as evidence: its owner may not change it, and a change shows."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from backbone.door.anchor import anchor, run_anchors
from backbone.door.door import Door
from backbone.door.evidence import Flaw, Seen, verify
from backbone.postgres.pool import Pool, connect, open_pool
from backbone.process.pulse import Pulse
from backbone.shell.nightly import check_now
from tests.installation import Installation
from tests.ledger.building import a_claim, a_request, claimed
from tests.ledger.domain import Release

Admin = Any  # an asyncpg connection: its generic class cannot be subscribed at run time
HIGHEST = "SELECT max(position) FROM journal"


async def flaws(admin: Admin) -> list[Flaw]:
    return [flaw async for flaw in verify(admin, "notes", "shelves")]


async def some_history(door: Door, pool: Pool) -> None:
    for _ in range(3):
        note_id = await claimed(door)
        await door.perform([a_request(note_id, Release(("one", "two")))])
        await door.perform([a_claim(note_id)])
    await anchor(pool, await pool.fetchval(HIGHEST))


async def test_an_honest_journal_has_no_flaws(door: Door, pool: Pool, admin: Admin) -> None:
    await some_history(door, pool)
    await claimed(door)  # not anchored yet
    assert await flaws(admin) == []
    assert await anchor(pool, await pool.fetchval(HIGHEST)) == 2
    assert await anchor(pool, await pool.fetchval(HIGHEST)) == 0
    assert await flaws(admin) == []


FORGERIES = {
    "a byte of the payload": "UPDATE journal SET payload = set_byte(payload, 5, 0) WHERE {one}",
    "who did it": "UPDATE journal SET actor = 'wang' WHERE {one}",
    "for which unit": "UPDATE journal SET unit = 'other' WHERE {one}",
    "when": "UPDATE journal SET time = time - interval '1 microsecond' WHERE {one}",
    "which request": "UPDATE journal SET request_id = gen_random_uuid() WHERE {one}",
    "what caused it": "UPDATE journal SET causation_id = 'x' WHERE {one}",
    "a hash": "UPDATE journal SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE {one}",
    "a row in the middle": "DELETE FROM journal WHERE {one}",
    "the first row": "DELETE FROM journal WHERE version = 1",
    "the end of a chain": "DELETE FROM journal WHERE version = 5",
    "a chain and its state": """
        DELETE FROM notes WHERE id = (SELECT aggregate_id FROM journal WHERE {one} LIMIT 1);
        DELETE FROM journal WHERE aggregate_id NOT IN (SELECT id FROM notes)""",
    "a state": "DELETE FROM notes WHERE id = (SELECT id FROM notes LIMIT 1)",
    "an anchor": "UPDATE anchors SET digest = '\\x00'",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forgery_shows(door: Door, pool: Pool, admin: Admin, forgery: str) -> None:
    await some_history(door, pool)
    one = "position = (SELECT min(position) + 7 FROM journal)"
    await admin.execute("DELETE FROM unsent")
    await admin.execute(FORGERIES[forgery].format(one=one))
    assert await flaws(admin) != []


async def test_evidence_that_breaks_the_nightly_check_is_a_flaw_and_ends_no_service(
    door: Door, pool: Pool, admin: Admin, database: Installation
) -> None:
    await some_history(door, pool)

    async def breaking(conn: Any, seen: Seen) -> AsyncIterator[Flaw]:
        async for flaw in verify(conn, "notes", "shelves", seen=seen):
            yield flaw
        raise KeyError("a row of an unknown kind")

    conn = await connect(database.url(), "ledger")
    try:
        assert await check_now(conn, "ledger", breaking) == 1
    finally:
        await conn.close()
    [row] = await admin.fetch("SELECT rows, flaws, first FROM verifications")
    assert (row["rows"] > 0, row["flaws"]) == (True, 1)
    assert "unknown kind" in row["first"]


async def test_a_cut_tail_with_its_states_set_back_shows_by_the_anchor(
    door: Door, pool: Pool, admin: Admin
) -> None:
    await some_history(door, pool)
    await admin.execute("""
        DELETE FROM unsent; DELETE FROM journal WHERE version = 5;
        UPDATE notes SET version = 4, hash = journal.hash
        FROM journal WHERE aggregate_id = id AND journal.version = 4
    """)
    assert [flaw.where.split()[0] for flaw in await flaws(admin)] == ["anchor"]


async def test_two_rows_that_changed_places_show(door: Door, pool: Pool, admin: Admin) -> None:
    await some_history(door, pool)
    await admin.execute("""
        UPDATE journal SET version = version + 10 WHERE version IN (3, 4);
        UPDATE journal SET version = CASE version WHEN 13 THEN 4 ELSE 3 END WHERE version > 10
    """)
    assert await flaws(admin) != []


async def test_the_service_itself_cannot_change_its_journal(door: Door, pool: Pool) -> None:
    await some_history(door, pool)
    for statement in (
        "UPDATE journal SET actor = 'x'",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "UPDATE anchors SET digest = ''",
        "DELETE FROM anchors",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "SELECT * FROM migrations",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


@pytest.mark.parametrize("other", ["workflow", "alarm", "public", "pg_catalog"])
async def test_a_role_sees_its_own_schema_only(database: Installation, other: str) -> None:
    conn = await asyncpg.connect(database.url())
    statement = {
        "public": "CREATE TABLE public.mine (a int)",
        "pg_catalog": "SELECT rolpassword FROM pg_catalog.pg_authid",
    }.get(other, f"SELECT * FROM {other}.journal")
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidSchemaNameError)):
        await conn.execute(statement)
    await conn.close()


async def test_limits_of_a_role_hold_for_connections_made_by_hand(database: Installation) -> None:
    conn = await asyncpg.connect(database.url())
    shown = {
        name: await conn.fetchval(f"SHOW {name}")
        for name in ("lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout")
    }
    await conn.close()
    assert list(shown.values()) == ["1s", "2s", "5s"]


async def test_anchors_are_set_by_themselves(door: Door, pool: Pool) -> None:
    await claimed(door)
    loops = [
        asyncio.create_task(run_anchors(pool, Pulse(), every=1, settles=0.05)) for _ in range(2)
    ]
    async with asyncio.timeout(10):
        while await pool.fetchval("SELECT max(position) FROM anchors") is None:
            await asyncio.sleep(0.02)
    for loop in loops:
        loop.cancel()
    await asyncio.wait(loops)


async def test_upkeep_waits_while_the_database_is_away() -> None:
    gone = await open_pool("postgresql://nobody@127.0.0.1:1/nowhere", "ledger")
    loop = asyncio.create_task(run_anchors(gone, Pulse(), settles=0))
    await asyncio.sleep(0.2)
    assert not loop.done()
    loop.cancel()
    await asyncio.wait([loop])
    gone.terminate()


async def test_upkeep_ends_for_what_no_waiting_mends(database: Installation) -> None:
    async with await open_pool(database.url(), "pg_catalog") as pool:
        with pytest.raises(asyncpg.UndefinedTableError):
            await run_anchors(pool, Pulse(), settles=0)

"""Journal and outcomes by month: made ahead, refused to no command, unique over all months."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec import structs

from backbone.door.door import Door
from backbone.door.retention import sweep
from backbone.postgres import months
from backbone.postgres.migrate import migrate_all
from backbone.postgres.numbers import today
from backbone.postgres.pool import Pool, open_pool
from backbone.process.keeping import kept_in
from backbone.process.pulse import Pulse
from tests.installation import Installation, named
from tests.ledger.building import FILES, LEDGER, SECRET, a_claim, a_request, claimed, notes
from tests.ledger.domain import Release

Admin = Any
SEQUENCE = "journal_position_seq"
REACHED = f"SELECT pg_sequence_last_value('{SEQUENCE}')"
PARTS = "SELECT tableoid::regclass::text FROM {} GROUP BY 1 ORDER BY 1"


def month(ahead: int = 0) -> int:
    day = today()
    count = day.year * 12 + day.month - 1 + ahead
    return count // 12 * 100 + count % 12 + 1


async def test_this_month_and_the_next_are_there_and_rows_go_to_this_one(
    door: Door, pool: Pool, admin: Admin
) -> None:
    await pool.execute(months.KEEP)
    await pool.execute(months.KEEP)
    await claimed(door)
    assert await pool.fetchval(REACHED) > month() * 10**10
    row = await pool.fetchrow(months.STANDING)
    assert (row["ahead"], row["late"]) == (1, 0.0)
    for table in ("journal", "outcomes"):
        assert [r[0] for r in await admin.fetch(PARTS.format(table))] == [f"{table}_{month()}"]


async def test_a_service_cannot_pass_its_tables_by_the_months(
    door: Door, pool: Pool, admin: Admin
) -> None:
    await claimed(door)
    await pool.execute(months.KEEP)
    now, ahead = month(), month(1)
    for statement in (
        f"UPDATE journal_{now} SET actor = 'x'",
        f"DELETE FROM journal_{ahead}",
        f"INSERT INTO journal_{ahead} OVERRIDING SYSTEM VALUE SELECT * FROM journal_{now}",
        f"SELECT * FROM journal_{now}",
        f"DROP TABLE journal_{ahead}",
        f"ALTER TABLE journal DETACH PARTITION journal_{ahead}",
        f"DELETE FROM outcomes_{now}",
        "SELECT make_month(203001)",
        f"SELECT setval('{SEQUENCE}', 1)",
        "INSERT INTO archives SELECT 1, '', 1, 1, '', ''",
        "UPDATE archived SET version = 1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def test_a_month_that_cannot_be_made_is_told_and_refuses_no_command(
    door: Door, pool: Pool, admin: Admin
) -> None:
    """Its name is taken: by the next month the journal stays in the present one."""
    await admin.execute(f"DROP TABLE journal_{month(1)}; DROP TABLE outcomes_{month(1)}")
    await admin.execute("REVOKE EXECUTE ON FUNCTION keep_months FROM liandong_ledger")
    pulse = Pulse()
    running = asyncio.create_task(months.run_months(pool, "ledger", pulse, every=0.05))
    async with asyncio.timeout(10):
        while "no partition for the coming month" not in " ".join(pulse.unready()):
            await asyncio.sleep(0.02)
        await claimed(door)
        await admin.execute("GRANT EXECUTE ON FUNCTION keep_months TO liandong_ledger")
        while "month" in " ".join(pulse.unready()):
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.wait([running])
    assert await admin.fetchval(f"SELECT to_regclass('journal_{month(1)}')") is not None


async def advance(admin: Admin, ahead: int) -> None:
    """As when so many months have passed."""
    await admin.execute(f"SELECT make_month({month(ahead)})")
    await admin.execute(f"SELECT setval('{SEQUENCE}', {month(ahead) * 10**10})")


async def test_repeats_and_versions_are_known_over_months(
    door: Door, pool: Pool, admin: Admin
) -> None:
    note_id = await claimed(door)
    again = a_request(note_id, Release(("one", "two")))
    [first] = await door.perform([again])
    await advance(admin, 2)
    [repeat] = await door.perform([structs.replace(again, call=str(uuid4()))])
    assert (repeat.version, repeat.time) == (first.version, first.time)
    await door.perform([a_claim(note_id)])
    assert [r[0] for r in await admin.fetch(PARTS.format("journal"))] == [
        f"journal_{month()}",
        f"journal_{month(2)}",
    ]
    # A writer without the lock, from a copy of the state that is no longer so.
    with pytest.raises(asyncpg.NotNullViolationError):
        await admin.execute(
            "INSERT INTO notes SELECT * FROM notes WHERE id = $1 ON CONFLICT (id) DO UPDATE SET "
            "version = CASE WHEN excluded.version > notes.version THEN excluded.version END",
            note_id,
        )
    assert "THEN excluded.version END" in door_statement(door)


def door_statement(door: Door) -> str:
    return " ".join(door._writes.values())


async def forgotten(pool: Pool, days: int) -> int:
    """How many months of outcomes have gone."""
    kept = structs.replace(kept_in("ledger", {})["outcomes"], days=days)
    return await sweep(pool, Pulse(), "outcomes", kept)


async def test_months_of_outcomes_are_dropped_after_their_time(
    door: Door, pool: Pool, admin: Admin
) -> None:
    await claimed(door)
    assert await forgotten(pool, 0) == 0, "the month is still written"
    await advance(admin, 2)
    await claimed(door)
    rows = await pool.fetchval("SELECT count(*) FROM outcomes")
    assert await forgotten(pool, 30) == 0, "it has not ended"
    earlier = month(-3)
    await admin.execute(f"""
        ALTER TABLE outcomes DETACH PARTITION outcomes_{month()};
        ALTER TABLE outcomes_{month()} RENAME TO outcomes_{earlier};
        UPDATE outcomes_{earlier} SET month = {earlier};
        ALTER TABLE outcomes ATTACH PARTITION outcomes_{earlier}
            FOR VALUES FROM (MINVALUE) TO ({month(-2)});
    """)
    assert await forgotten(pool, 365) == 0
    assert await forgotten(pool, 30) == 1
    assert 0 < await pool.fetchval("SELECT count(*) FROM outcomes") < rows


async def test_the_inbox_forgets_aggregates_of_which_nothing_was_heard_for_months(
    pool: Pool, admin: Admin
) -> None:
    await admin.execute(
        """INSERT INTO inbox SELECT 'g' || n % 3, gen_random_uuid(), 7,
           CASE WHEN n % 2 = 0 THEN $1::bigint ELSE $2 END FROM generate_series(1, 50) AS n""",
        month(-5),
        month(-2),
    )
    await admin.execute("INSERT INTO inbox SELECT 'g', gen_random_uuid(), 7, 0")
    assert await sweep(pool, Pulse(), "inbox", kept_in("ledger", {})["inbox"]) == 25
    assert await pool.fetchval("SELECT count(*) FROM inbox") == 26
    # One of before there were months stays until its time has passed since the last anchor then.
    await admin.execute("UPDATE signing SET time = now() - interval '91 days'")
    await admin.execute("INSERT INTO anchors VALUES (7, '', now() - interval '89 days')")
    assert await sweep(pool, Pulse(), "inbox", kept_in("ledger", {})["inbox"]) == 0
    await admin.execute("UPDATE anchors SET time = now() - interval '91 days'")
    assert await sweep(pool, Pulse(), "inbox", kept_in("ledger", {})["inbox"]) == 1


@pytest.fixture
async def older(postgres_dsn: str) -> AsyncIterator[Installation]:
    """The schema of the release before, which had no months."""
    name = f"older_{uuid4().hex[:12]}"
    conn = await asyncpg.connect(postgres_dsn)
    await conn.execute(f"CREATE DATABASE {name}")
    where = Installation(named(postgres_dsn, name))
    await migrate_all(where.admin, SECRET, [replace(LEDGER, files=before_months())])
    # The door that works meanwhile is the present one.
    admin = await asyncpg.connect(where.admin)
    await admin.execute("ALTER TABLE ledger.outcomes ADD COLUMN proof bytea")
    own = "ALTER TABLE ledger.journal ADD COLUMN own_code bytea NOT NULL DEFAULT ''"
    await admin.execute(own)
    await admin.close()
    yield where
    await conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await conn.close()


def before_months() -> tuple[Any, ...]:
    shell = [each for each in FILES if each.parent.parent.name == "postgres"]
    own = [each for each in FILES if each not in shell]
    return (*(each for each in shell if each.name < "0008"), *own)


async def test_an_older_city_gets_its_months_while_it_works(older: Installation) -> None:
    """No command fails, no row is written anew, and numbers go on."""
    async with await open_pool(older.url(), "ledger") as pool:
        door = Door(pool, [notes])
        await claimed(door)
        stop, done = asyncio.Event(), 0

        async def work() -> None:
            nonlocal done
            while not stop.is_set():
                note_id = await claimed(door)
                outcomes = await door.perform([a_request(note_id, Release(("one", "two")))])
                assert not outcomes[0].reason
                done += 1

        workers = [asyncio.create_task(work()) for _ in range(4)]
        await asyncio.sleep(0.1)
        file = "SELECT relfilenode FROM pg_class WHERE oid = to_regclass('{}')"
        before = await pool.fetchval(file.format("journal"))
        await migrate_all(older.admin, SECRET, [LEDGER])
        at = done
        await asyncio.sleep(0.2)
        stop.set()
        await asyncio.gather(*workers)
        assert done > at
        assert await pool.fetchval(file.format(f"journal_{month()}")) == before
        gaps = "SELECT count(*), min(position), max(position) FROM journal"
        count, lowest, highest = await pool.fetchrow(gaps)
        assert count == await pool.fetchval("SELECT sum(version) FROM notes")
        assert lowest < 10**10 < month() * 10**10 < highest

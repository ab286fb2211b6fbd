"""The one walk over real tables: what is over goes, what is not stays, and what fails is told."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from backbone.door.retention import FORGET, OVER, PIECE, SIZE, run_retention, sweep
from backbone.postgres.migrate import schemas
from backbone.postgres.pool import open_pool
from backbone.process.keeping import Kept, kept_in
from backbone.process.metrics import SWEPT
from backbone.process.pulse import Pulse
from tests.installation import Installation

SCHEMAS = [each.name for each in schemas()]
TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
AND relkind IN ('r', 'p') AND NOT relispartition
"""
# Of each table a row that is over and one that is not; the second has the word "stays".
ROWS = {
    ("gateway", "sessions"): """
        INSERT INTO accounts (user_name, folded, display_name, role, unit, area, password_hash)
        VALUES ('li', 'li', 'li', 'clerk', 'u', '99', '');
        INSERT INTO sessions (token_hash, user_name, expire_time) VALUES
            ('goes', 'li', now() - interval '1 second'), ('stays', 'li', now() + interval '1 hour')
    """,
    ("gateway", "guesses"): """
        INSERT INTO guesses (who, wrong, free_time, forget_time) VALUES
            ('goes', 3, now(), now() - interval '1 second'),
            ('stays', 3, now(), now() + interval '1 minute')
    """,
    ("gateway", "known_addresses"): """
        INSERT INTO known_addresses VALUES
            ('goes', now() - interval '1 second'), ('stays', now() + interval '1 day')
    """,
    ("petition", "trackings"): """
        INSERT INTO trackings VALUES
            ('goes', now() - interval '1 second', 1), ('stays', now() + interval '1 minute', 1)
    """,
    ("workflow", "refused_links"): """
        INSERT INTO refused_links
            (consumer, event_id, aggregate_id, reason, facts, time, settle_time) VALUES
            ('g', gen_random_uuid(), gen_random_uuid(), 'goes', '{}',
             now() - interval '9 years', now() - interval '8 years'),
            ('g', gen_random_uuid(), gen_random_uuid(), 'stays', '{}',
             now() - interval '9 years', now()),
            ('g', gen_random_uuid(), gen_random_uuid(), 'stays', '{}',
             now() - interval '9 years', NULL)
    """,
}


async def as_service(database: Installation, schema: str) -> Any:
    return await open_pool(database.url(schema), schema)


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_every_table_stands_in_the_file_and_each_sweep_runs(
    database: Installation, schema: str
) -> None:
    """As the service's own role, piece by piece, whatever the tables hold."""
    kept = kept_in(schema, {})
    async with await as_service(database, schema) as pool:
        found = {row["relname"] for row in await pool.fetch(TABLES)}
        assert found == set(kept)
        for table, each in kept.items():
            if each.days is None:
                continue
            assert await sweep(pool, Pulse(), table, each) == 0
            if not each.months:
                asked = FORGET.format(table=table, over=OVER.format(after=each.after))
                given = ((0, 0), (PIECE, 0), timedelta(days=each.days))
                plan = await pool.fetch(f"EXPLAIN {asked}", *given)
                text = "\n".join(row[0] for row in plan)
                assert f"Tid Range Scan on {table}" in text and f"Seq Scan on {table}" not in text


@pytest.mark.parametrize(("schema", "table"), ROWS)
async def test_what_is_over_goes_and_the_rest_stays(
    database: Installation, schema: str, table: str
) -> None:
    admin = await asyncpg.connect(database.admin, server_settings={"search_path": schema})
    await admin.execute(ROWS[schema, table])
    before = await admin.fetchval(f"SELECT count(*) FROM {table}")
    async with await as_service(database, schema) as pool:
        assert await sweep(pool, Pulse(), table, kept_in(schema, {})[table]) == 1
        assert await sweep(pool, Pulse(), table, kept_in(schema, {})[table]) == 0
    left = [str(row) for row in await admin.fetch(f"SELECT * FROM {table}")]
    assert len(left) == before - 1
    assert all("stays" in row for row in left)
    await admin.close()


async def test_a_large_table_is_walked_in_pieces_and_a_held_row_waits(
    database: Installation,
) -> None:
    kept = kept_in("petition", {})["trackings"]
    async with await as_service(database, "petition") as pool:
        await pool.execute(
            "INSERT INTO trackings SELECT 'code ' || n, now() + CASE n % 2 WHEN 0 THEN "
            "interval '-1 hour' ELSE interval '1 hour' END, 1 FROM generate_series(1, 20000) AS n"
        )
        assert await pool.fetchval(SIZE, "trackings") > 2 * PIECE
        async with pool.acquire() as holder, holder.transaction():
            await holder.execute("SELECT 1 FROM trackings WHERE code = 'code 2' FOR UPDATE")
            assert await sweep(pool, Pulse(), "trackings", kept, pause=0) == 9_999
        assert await sweep(pool, Pulse(), "trackings", kept, pause=0) == 1
        assert await pool.fetchval("SELECT count(*) FROM trackings WHERE until > now()") == 10_000


async def test_a_row_that_lives_on_meanwhile_stays(database: Installation) -> None:
    """Its time is moved by a transaction that commits while the walk waits for nothing."""
    kept = kept_in("petition", {})["trackings"]
    async with await as_service(database, "petition") as pool:
        await pool.execute("INSERT INTO trackings VALUES ('c', now() - interval '1 hour', 9)")
        async with pool.acquire() as other, other.transaction():
            await other.execute("UPDATE trackings SET until = now() + interval '1 hour'")
            assert await sweep(pool, Pulse(), "trackings", kept) == 0
        assert await sweep(pool, Pulse(), "trackings", kept) == 0
        assert await pool.fetchval("SELECT attempts FROM trackings") == 9


async def test_a_table_that_cannot_be_swept_is_told_and_stops_no_other(
    database: Installation,
) -> None:
    admin = await asyncpg.connect(database.admin, server_settings={"search_path": "gateway"})
    for table in ("guesses", "known_addresses"):
        await admin.execute(ROWS["gateway", table])
    await admin.execute("REVOKE DELETE ON guesses FROM liandong_gateway")
    began, pulse = time.time(), Pulse()
    kept = {name: kept_in("gateway", {})[name] for name in ("guesses", "known_addresses")}
    async with await as_service(database, "gateway") as pool:
        loop = asyncio.create_task(run_retention(pool, pulse, "gateway", kept, every=0.02))
        async with asyncio.timeout(10):
            while not (said := " ".join(pulse.unready()[1:])):
                await asyncio.sleep(0.02)
            assert "rows of gateway.guesses whose time is over cannot be deleted" in said
            assert "`make migrate`" in said and not pulse.unserving()[1:]
            while await admin.fetchval("SELECT count(*) FROM known_addresses") > 1:
                await asyncio.sleep(0.02)
            stood = SWEPT.labels("gateway", "guesses")._value.get()
            assert began <= stood < SWEPT.labels("gateway", "known_addresses")._value.get()
            await admin.execute("GRANT DELETE ON guesses TO liandong_gateway")
            while pulse.unready()[1:]:
                await asyncio.sleep(0.02)
        assert SWEPT.labels("gateway", "guesses")._value.get() > stood
        assert await admin.fetchval("SELECT count(*) FROM guesses") == 1
        assert not loop.done()
        loop.cancel()
        await asyncio.wait([loop])
    await admin.close()


async def test_a_database_that_is_away_is_no_flaw_of_the_walk() -> None:
    gone = await open_pool("postgresql://nobody@127.0.0.1:1/nowhere", "ledger")
    pulse = Pulse()
    kept = {"inbox": Kept(days=1, after="month")}
    loop = asyncio.create_task(run_retention(gone, pulse, "ledger", kept, every=0.01))
    await asyncio.sleep(0.2)
    assert not loop.done() and not pulse.unready()[1:]
    loop.cancel()
    await asyncio.wait([loop])
    gone.terminate()

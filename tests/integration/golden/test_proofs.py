"""Rows of every service's tables, as an earlier release left them, are proven and then forged."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from backbone.door.codes import Codes
from backbone.door.decider import Decider
from backbone.door.proven import ProvenJournal
from backbone.door.rows import ProvenRows
from backbone.door.statements import state_values
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import Condition, Member, equal
from backbone.postgres.listing import Lists
from backbone.postgres.pool import Pool, open_pool
from backbone.postgres.states import taken, with_proof
from backbone.process.keyring import Keyring
from backbone.process.signing import Verifier
from backbone.words.errors import Broken
from tests.golden.reading import DECIDERS, FIRST_RELEASE, demo_city
from tests.golden.restoring import restored
from tests.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")
TABLES = [
    pytest.param(schema, each, id=f"{schema}.{each.table.name}")
    for schema, deciders in DECIDERS.items()
    for each in deciders
    if FIRST_RELEASE.rows(schema, each.table.name)
]
OF_ALL = pytest.mark.parametrize(("schema", "decider"), TABLES)
KEYS = Keyring((bytes(32),))


def alarms(schema: str) -> float:
    """How many rows of states and journals of this schema have rung the alarm."""
    found = (
        REGISTRY.get_sample_value("liandong_forged_total", {"what": what, "by": schema})
        for what in ("row", "journal")
    )
    return sum(each or 0 for each in found)


CHANGED = '{{"code": "x", "team": "x"}}'
FORGERIES = {
    "a document": f"UPDATE {{t}} SET doc = (doc::jsonb || '{CHANGED}')::json",
    "a document without its code": (
        f"UPDATE {{t}} SET proof = NULL, doc = (doc::jsonb || '{CHANGED}')::json"
    ),
    "a version": "UPDATE {t} SET version = version + 1",
    "a hash": "UPDATE {t} SET hash = '\\x00', proof = NULL",
    "another journal": "UPDATE journal SET payload = set_byte(payload, 5, 0)",
}


def proving(pool: Pool, schema: str, keys: Keyring = KEYS) -> ProvenRows:
    return ProvenRows(pool, ProvenJournal(pool, Verifier("{}"), schema, Codes(keys, schema)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def migrated(postgres_dsn: str) -> AsyncIterator[Installation]:
    demo_city()
    async with restored(postgres_dsn, FIRST_RELEASE) as installation:
        yield installation


@pytest_asyncio.fixture(loop_scope="module")
async def pool(migrated: Installation, schema: str) -> AsyncIterator[Pool]:
    async with await open_pool(migrated.url(schema), schema) as pool:
        yield pool


async def rows_of(conn: Any, decider: Decider[Any]) -> list[Any]:
    statement = f"SELECT {with_proof('t')} FROM {decider.table.name} AS t ORDER BY id"
    return list(await conn.fetch(statement))


@OF_ALL
async def test_a_row_of_before_is_compared_with_its_journal_once(
    pool: Pool, schema: str, decider: Decider[Any]
) -> None:
    rows = proving(pool, schema)
    for row in await rows_of(pool, decider):
        assert decider.from_row(await rows.prove(decider, row)).id == row["id"]
    rows.journal = None  # type: ignore[assignment]  # not asked a second time
    for row in await rows_of(pool, decider):
        assert row["proof"] is not None
        assert (await rows.prove(decider, row)).doc == row["doc"]


@OF_ALL
@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_row_is_refused_with_an_alarm(
    migrated: Installation, pool: Pool, schema: str, decider: Decider[Any], forgery: str
) -> None:
    rows = proving(pool, schema)
    for row in await rows_of(pool, decider):
        await rows.prove(decider, row)
    before = alarms(schema)
    admin = await asyncpg.connect(migrated.admin, server_settings={"search_path": schema})
    change = admin.transaction()
    await change.start()
    try:
        own = f" WHERE id = (SELECT min(id::text)::uuid FROM {decider.table.name})"
        if "journal" in forgery:  # a row without a code, whose events were changed
            own = own.replace(" WHERE id", " WHERE aggregate_id")
            await admin.execute(f"UPDATE {decider.table.name} SET proof = NULL")
        await admin.execute(FORGERIES[forgery].format(t=decider.table.name) + own)
        row = (await rows_of(admin, decider))[0]
        with pytest.raises(Broken) as refused:
            await rows.prove(decider, row, on=admin)
    finally:
        await change.rollback()
        await admin.close()
    assert refused.value.reason == "EVIDENCE_BROKEN"
    assert alarms(schema) > before


@OF_ALL
async def test_a_row_is_shown_by_what_its_document_says(
    pool: Pool, schema: str, decider: Decider[Any]
) -> None:
    """Each column that a list can ask for, right and wrong."""
    rows = proving(pool, schema).of(decider)
    row = (await rows_of(pool, decider))[0]
    said = decider.table.row_of(decider.from_row(taken(row)))
    for name in (*decider.table.columns, *decider.table.derived):
        right: Condition = equal(name, said[name])
        wrong: Condition = equal(name, "forged")
        if decider.table.columns.get(name, "").endswith("[]"):
            right, wrong = Member(name, (*said[name], "")[0]), Member(name, "forged")
            if not said[name]:
                right = equal("state", said["state"])
        before = alarms(schema)
        assert said[name] is None or await rows.shown(row, Asked(((right,),))) is not None
        assert alarms(schema) == before
        assert await rows.shown(row, Asked(((wrong,),))) is None, name
        assert await rows.shown(row, Asked(((),), (wrong,))) is None, name
        assert alarms(schema) == before + 2


@OF_ALL
async def test_a_state_that_was_set_back_is_not_shown(
    pool: Pool, schema: str, decider: Decider[Any]
) -> None:
    """With the very code that it had then: the journal goes on after it."""
    rows = proving(pool, schema)
    found = [row for row in await rows_of(pool, decider) if row["version"] > 1]
    if not found:
        return
    row = found[0]
    journal = await pool.fetch(
        "SELECT payload, hash FROM journal WHERE aggregate_id = $1 AND version < $2 "
        "ORDER BY version",
        row["id"],
        row["version"],
    )
    earlier = decider.fold(each["payload"] for each in journal)
    assert earlier is not None
    values = state_values(decider, earlier, journal[-1]["hash"], rows.code)[:6]
    set_back = f"""
        UPDATE {decider.table.name} SET version = $2, shape = $3, doc = $4, hash = $5, proof = $6
        WHERE id = $1
    """
    was = [row[name] for name in ("id", "version", "shape", "doc", "hash", "proof")]
    lists = Lists(pool, b"", decider.table.name, (), rows.of(decider).shown)
    every = ((),)
    await pool.execute(set_back, *values)
    try:
        with pytest.raises(Broken):
            await lists.find(row["id"], every)
    finally:
        await pool.execute(set_back, *was)
    shown = await lists.find(row["id"], every)
    assert shown is not None and shown.doc == row["doc"]


async def coded_by(rows: ProvenRows, pool: Pool, decider: Decider[Any]) -> Any:
    """The first row of the table, after it got the code that `rows` gives."""
    row = (await rows_of(pool, decider))[0]
    values = [row[name] for name in ("id", "version", "shape", "doc", "hash")]
    change = f"UPDATE {decider.table.name} SET proof = $2 WHERE id = $1"
    await pool.execute(change, row["id"], rows.code(decider.table.name, values))
    return (await rows_of(pool, decider))[0]


@OF_ALL
async def test_a_code_of_an_unknown_key_is_no_forgery(
    pool: Pool, schema: str, decider: Decider[Any]
) -> None:
    row = await coded_by(proving(pool, schema, Keyring((b"1" * 32,))), pool, decider)
    assert (await proving(pool, schema).prove(decider, row)).doc == row["doc"]


@OF_ALL
async def test_a_code_outlives_the_keys_that_are_rotated_and_retired(
    pool: Pool, schema: str, decider: Decider[Any]
) -> None:
    """The journal of an archived record is not there to be compared with."""
    middle, newest = b"1" * 32, b"2" * 32
    row = await coded_by(proving(pool, schema, Keyring((bytes(32), middle))), pool, decider)
    retired = proving(pool, schema, Keyring((bytes(32), newest)))
    retired.journal = None  # type: ignore[assignment]  # it is not asked
    assert (await retired.prove(decider, row)).doc == row["doc"]

"""Databases of earlier releases are migrated without a loss, and their matters go on."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from backbone.door import evidence
from backbone.door.decider import Decider
from backbone.door.door import Door
from backbone.door.request import Request
from backbone.postgres.pool import Pool, open_pool
from backbone.postgres.states import taken
from backbone.words.followed import FollowIncident as Step
from services.alarm.receipt.linking import FollowIncident as FollowLinked
from services.emergency import mailbox
from services.emergency.mission.repeats import Lapse as PushAgain
from services.population.care_case.clocks import Lapse as CareLapse
from services.workflow import codec
from services.workflow.incident.lapsing import Lapse
from tests.golden.going_on import NEXT, asked
from tests.golden.reading import DECIDERS, RELEASES, Release, demo_city
from tests.golden.restoring import restored
from tests.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")
OF_ALL = pytest.mark.parametrize("schema", DECIDERS)
JOURNAL = "SELECT payload, hash FROM journal WHERE aggregate_id = $1 ORDER BY version"
UPTO = "SELECT payload FROM journal WHERE aggregate_id = $1 AND version <= $2 ORDER BY version"
# Commands from inside: they pass every guard, so that a repeat of any request is answered.
INSIDE: dict[str, Any] = {
    "incidents": Lapse(),
    "receipts": FollowLinked(UUID(int=0), Step("", 0)),
    "petitions": Step("", 0),
    "disputes": Step("", 0),
    "missions": PushAgain(),
    "care_cases": CareLapse(),
}


@pytest.fixture(scope="module", params=RELEASES, ids=lambda release: release.name)
def release(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def migrated(postgres_dsn: str, release: Release) -> AsyncIterator[Installation]:
    # Read before the first transaction: the server ends one that idles for two seconds.
    demo_city()
    async with restored(postgres_dsn, release) as installation:
        yield installation


@pytest_asyncio.fixture(loop_scope="module")
async def pool(migrated: Installation, schema: str) -> AsyncIterator[Pool]:
    async with await open_pool(migrated.url(schema), schema) as pool:
        yield pool


def door_of(pool: Pool, schema: str) -> Door:
    ride = {"ride": mailbox.ride} if schema == "emergency" else {}
    return Door(pool, DECIDERS[schema], **ride)


async def rows_of(pool: Pool, decider: Decider[Any]) -> list[Any]:
    return list(await pool.fetch(f"SELECT *, doc::text AS doc FROM {decider.table.name}"))


@OF_ALL
async def test_each_row_is_what_its_journal_leads_to(pool: Pool, schema: str) -> None:
    seen = 0
    for decider in DECIDERS[schema]:
        for row in await rows_of(pool, decider):
            journal = await pool.fetch(JOURNAL, row["id"])
            state = decider.from_row(taken(row))
            assert state == decider.fold(each["payload"] for each in journal)
            assert (row["version"], row["hash"]) == (state.version, journal[-1]["hash"])
            projected = dict(decider.table.project(state))
            columns = {name: row[name] for name in projected}
            assert columns == {name: _as_column(value) for name, value in projected.items()}
            seen += 1
    assert seen


def _as_column(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@OF_ALL
async def test_no_row_is_lost_and_every_chain_holds(
    pool: Pool, schema: str, release: Release
) -> None:
    for table in ("journal", "outcomes", "unsent", "inbox", "anchors"):
        found = await pool.fetchval(f"SELECT count(*) FROM {table}")
        assert found == len(release.rows(schema, table)), table
    assert release.rows(schema, "anchors")
    await _verified(pool, schema)


async def _verified(pool: Pool, schema: str) -> None:
    tables = [decider.table.name for decider in DECIDERS[schema]]
    async with pool.acquire() as conn, conn.transaction():
        assert [flaw async for flaw in evidence.verify(conn, *tables)] == []


@OF_ALL
async def test_every_stored_outcome_is_the_answer_to_its_repeat(
    pool: Pool, schema: str, release: Release
) -> None:
    door, tables = door_of(pool, schema), await _tables_of(pool, schema)
    for old in release.rows(schema, "outcomes"):
        table = tables.get(UUID(old["aggregate_id"]), DECIDERS[schema][0].table.name)
        if table not in INSIDE:
            continue
        [answer] = await door.perform([_repeat(old, INSIDE[table])])
        said = (answer.reason, answer.version, answer.call, answer.time)
        assert said == (old["reason"], old["version"], old["call"], _time(old["time"]))
        if old["reason"]:
            told = old.get("answer", old)
            assert (answer.kind, answer.facts) == (told["kind"], told["facts"])
        else:
            decider = next(each for each in DECIDERS[schema] if each.table.name == table)
            rows = await pool.fetch(UPTO, answer.aggregate_id, answer.version)
            assert answer.state == decider.fold(row["payload"] for row in rows)
            assert answer.state.version == answer.version


async def _tables_of(pool: Pool, schema: str) -> dict[UUID, str]:
    return {
        row["id"]: decider.table.name
        for decider in DECIDERS[schema]
        for row in await pool.fetch(f"SELECT id FROM {decider.table.name}")
    }


def _repeat(old: dict[str, Any], command: Any) -> Request[Any]:
    known = {"request_id": UUID(old["request_id"]), "body_hash": old["body_hash"]}
    about = type("About", (), {"id": UUID(old["aggregate_id"])})
    return asked(about, command, **known)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("schema", ["workflow"])
async def test_a_command_that_kafka_delivers_again_gets_its_first_answer(
    pool: Pool, schema: str, release: Release
) -> None:
    door = door_of(pool, schema)
    answered = {row["request_id"]: row for row in release.rows(schema, "outcomes")}
    before = await pool.fetchval("SELECT count(*) FROM journal")
    for _, _, value in release.records("liandong.incident.commands.v1"):
        request = codec.from_value(value, release.key(schema))
        [answer] = await door.perform([request])
        old = answered[str(request.request_id)]
        assert (answer.reason, answer.version) == (old["reason"], old["version"])
    assert await pool.fetchval("SELECT count(*) FROM journal") == before


@pytest.mark.parametrize("schema", ["workflow"])
async def test_every_running_clock_fires_by_its_id(pool: Pool, schema: str) -> None:
    decider = DECIDERS[schema][0]
    running = [row for row in await rows_of(pool, decider) if row["due_time"]]
    assert {row["due_clock"].partition("@")[0] for row in running} == CLOCKS
    for row in running:
        found, lapse = decider.from_row(taken(row)), Lapse(row["due_clock"])
        [event] = decider.decide(found, lapse, row["due_time"], NOTHING)
        after = decider.evolve(found, event)
        assert (after.version, type(event).__name__[-6:]) == (found.version + 1, "Lapsed")


CLOCKS = {"SIGN_IN", "CLAIM_IDLE", "HAND_OFF_ANSWER", "RETURN_ANSWER"}


# Tables that 0.1.0 did not have.
LATER = {"supervisions"}


class _Nothing:
    """No other aggregate is locked with it."""

    def one(self, key: UUID) -> None:
        return None

    def members(self, key: UUID) -> frozenset[UUID]:
        return frozenset()


NOTHING = _Nothing()


@OF_ALL
async def test_what_was_open_goes_on(pool: Pool, schema: str) -> None:
    """Runs last: it changes the rows."""
    door = door_of(pool, schema)
    for decider in DECIDERS[schema]:
        moved = 0
        for row in await rows_of(pool, decider):
            found = decider.from_row(taken(row))
            command = NEXT[decider.table.name](found)
            if command is None:
                continue
            [answer] = await door.perform([asked(found, command, expected_version=found.version)])
            assert answer.reason == "", (answer, found)
            assert answer.version == found.version + 1 + (row.get("state") == "TRIAGE")
            after = await pool.fetchrow(
                f"SELECT shape, doc::text AS doc FROM {decider.table.name} WHERE id = $1", found.id
            )
            assert after["shape"] == decider.table.shape
            assert decider.from_row(taken(after)) == answer.state
            moved += 1
        assert moved or decider.table.name in LATER, decider.table.name
    await _verified(pool, schema)

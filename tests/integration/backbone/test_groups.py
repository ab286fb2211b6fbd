"""What a decision looks at beside its aggregate, and several aggregate types in one door."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from backbone.door.batcher import patiently
from backbone.door.door import Door
from backbone.door.evidence import verify
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.door.timers import Timers, lapse_of
from backbone.postgres.pool import Pool, open_pool
from backbone.process.pulse import Pulse
from tests.installation import Installation
from tests.ledger.building import (
    DUE,
    RIPE,
    a_claim,
    a_request,
    a_writing,
    built,
    hands_of,
    notes,
    shelves,
    written,
)
from tests.ledger.domain import CAP, File, Lapse, Release
from tests.ledger.shelves import Build, Shut

Admin = Any  # an asyncpg connection: its generic class cannot be subscribed at run time
HELD = "SELECT count(*) FROM notes WHERE hands = $1"


@pytest.fixture
async def doors(database: Installation, door: Door) -> AsyncIterator[list[Door]]:
    """Two fronts: each with a pool of its own."""
    async with await open_pool(database.url(), "ledger", size=10) as pool:
        yield [door, Door(pool, [notes, shelves])]


async def performed(door: Door, *requests: Request[Any]) -> list[Outcome]:
    """As a road that may wait: a lock that is not had in a second is asked for again."""
    return await patiently(door.perform, Pulse(), pause=0.01)(requests)


def reasons(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.reason for outcome in outcomes]


async def many_written(door: Door, count: int) -> list[Any]:
    writings = [a_writing() for _ in range(count)]
    assert not any(reasons(await door.perform(writings)))
    return [writing.aggregate_id for writing in writings]


async def test_a_cap_holds_under_fifty_claims_through_two_fronts(
    doors: list[Door], pool: Pool
) -> None:
    written = await many_written(doors[0], 50)
    claims = [a_claim(of, ("li", "wang")[i % 2]) for i, of in enumerate(written)]
    calls = [performed(doors[i // 2 % 2], claim) for i, claim in enumerate(claims)]
    told = reasons([outcome for [outcome] in await asyncio.gather(*calls)])
    for name, own in (("li", told[::2]), ("wang", told[1::2])):
        assert own.count("") == CAP == await pool.fetchval(HELD, hands_of(name))
        assert own.count("TOO_MANY_HELD") == 25 - CAP


async def test_a_cap_holds_within_one_batch_and_what_is_given_back_counts(
    door: Door, pool: Pool
) -> None:
    written = await many_written(door, 50)
    told = reasons(await door.perform([a_claim(of) for of in written]))
    assert told == [""] * CAP + ["TOO_MANY_HELD"] * (50 - CAP)
    release = a_request(written[0], Release())
    more = [a_claim(written[40]), release, a_claim(written[41]), a_claim(written[42])]
    assert reasons(await door.perform(more)) == ["TOO_MANY_HELD", "", "", "TOO_MANY_HELD"]
    assert await pool.fetchval(HELD, hands_of("li")) == CAP


async def test_batches_that_want_the_same_locks_in_another_order_do_not_deadlock(
    doors: list[Door], admin: Admin, database: Installation
) -> None:
    """Two hundred batches over twelve notes, four holders and three shelves.

    Postgres looks for a deadlock after 20 ms here: else its limit for a lock, one second, would
    come first and hide one.
    """
    name = urlsplit(database.admin).path[1:]
    await admin.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'")
    chance = random.Random(7)
    for each in doors:
        await each._pool.expire_connections()
    ids, where = await many_written(doors[0], 12), [await built(doors[0]) for _ in range(3)]

    def one() -> Request[Any]:
        of, holder = chance.choice(ids), chance.choice(["li", "wang", "zhao", "qian"])
        claim, file = a_claim(of, holder), a_request(of, File(chance.choice(where)))
        return chance.choice([claim, file, a_request(of, Release())])

    batches = [[one() for _ in range(chance.randint(2, 6))] for _ in range(200)]
    deadlocks: list[str] = []
    calls = [telling(doors[i % 2], batch, deadlocks) for i, batch in enumerate(batches)]
    await asyncio.gather(*calls)
    assert deadlocks == []
    held = "SELECT count(*) FROM notes WHERE hands IS NOT NULL GROUP BY hands"
    assert max(row[0] for row in await admin.fetch(held)) <= CAP
    assert [flaw async for flaw in verify(admin, "notes", "shelves")] == []


async def telling(door: Door, requests: Sequence[Request[Any]], deadlocks: list[str]) -> None:
    """Perform the batch at last, and keep each deadlock on the way."""

    async def perform(batch: Sequence[Request[Any]]) -> list[Outcome]:
        try:
            return await door.perform(batch)
        except asyncpg.DeadlockDetectedError as error:
            deadlocks.append(str(error))
            raise

    await patiently(perform, Pulse(), pause=0.01)(requests)


async def test_what_is_looked_at_cannot_change_before_the_commit(
    doors: list[Door], pool: Pool
) -> None:
    """Thirty notes are put on a shelf while it is being shut."""
    shelf, written = await built(doors[0]), await many_written(doors[0], 30)
    calls = [performed(doors[i % 2], a_request(of, File(shelf))) for i, of in enumerate(written)]
    calls.insert(10, performed(doors[0], a_request(shelf, Shut())))
    told = reasons([outcome for [outcome] in await asyncio.gather(*calls)])
    assert set(told) <= {"", "SHELF_SHUT"}
    shut = await pool.fetchval("SELECT position FROM journal WHERE kind LIKE '%shelf.closed%'")
    filed = await pool.fetchval("SELECT max(position) FROM journal WHERE kind LIKE '%assigned%'")
    assert (filed or 0) < shut


async def test_several_aggregate_types_share_a_batch(door: Door, pool: Pool, admin: Admin) -> None:
    shelf, writing, late = uuid4(), a_writing(), a_writing()
    requests = [
        a_request(shelf, Build(shelf)),
        writing,
        a_request(writing.aggregate_id, File(shelf)),
        a_request(shelf, Shut()),
        late,
        a_request(late.aggregate_id, File(shelf)),
        a_request(late.aggregate_id, File(uuid4())),
        a_request(writing.aggregate_id, Shut()),
    ]
    outcomes = await door.perform(requests)
    assert reasons(outcomes) == ["", "", "", "", "", "SHELF_SHUT", "NO_SUCH_SHELF", "NO_SUCH_SHELF"]
    assert [outcome.version for outcome in outcomes[:6]] == [1, 1, 2, 2, 1, 1]
    assert await pool.fetchval("SELECT doc ->> 'state' FROM shelves") == "SHUT"
    assert await pool.fetchval("SELECT count(*) FROM notes") == 2
    assert [flaw async for flaw in verify(admin, "notes", "shelves")] == []
    found = await door.find([request.request_id for request in requests])
    by_id = {outcome.request_id: outcome.state for outcome in found}
    assert by_id[requests[2].request_id].shelf == str(shelf)
    assert by_id[requests[3].request_id].shut
    assert by_id[requests[0].request_id] is None, "the row has gone on"


async def test_a_clock_waits_for_what_it_looks_at(door: Door, pool: Pool, admin: Admin) -> None:
    """A clock locks what its verb names beside its aggregate, or leaves it for the next turn."""
    note_id, shelf = await written(door), await built(door)
    await door.perform([a_claim(note_id)])
    await admin.execute(RIPE)
    filing = Timers(pool, door, DUE, lambda row: lapse_of(row, File(shelf)), Pulse())
    async with pool.acquire() as other, other.transaction():
        await door.within(other, [a_request(shelf, Shut())])
        assert await filing.fire() == 0
        assert await Timers(pool, door, DUE, lambda row: lapse_of(row, Lapse()), Pulse()).fire()
    assert await pool.fetchval("SELECT count(*) FROM journal WHERE kind LIKE '%assigned%'") == 0


async def test_a_lock_that_cannot_be_named_is_a_bug_alone(door: Door, pool: Pool) -> None:
    note_id, good = await written(door), await written(door)
    nonsense: Any = "no id"
    bad, foreign = a_request(note_id, File(nonsense)), a_request(note_id, 7)
    outcomes = await door.perform([bad, a_claim(good), foreign])
    assert reasons(outcomes) == ["INTERNAL", "", "INTERNAL"]
    assert reasons(await door.perform([bad, foreign])) == ["INTERNAL", "INTERNAL"]
    assert await pool.fetchval("SELECT count(*) FROM outcomes") == 5

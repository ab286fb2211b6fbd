"""The door on real Postgres: once per request, one winner, the first answer for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from backbone.door.batcher import Batcher, patiently
from backbone.door.decider import LARGEST_EVENT
from backbone.door.door import Door
from backbone.door.request import key_of
from backbone.door.statements import lock_all
from backbone.door.timers import NEVER
from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from backbone.words.errors import Unavailable
from tests.installation import Installation
from tests.ledger.building import (
    a_claim,
    a_request,
    a_writing,
    claimed,
    notes,
    written,
)
from tests.ledger.domain import Break, Command, Look, Release, Wait, Write

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@asynccontextmanager
async def batching(door: Door) -> AsyncIterator[Batcher[Command]]:
    batcher = Batcher(door.perform, Pulse())
    running = asyncio.create_task(batcher.run())
    yield batcher
    running.cancel()


async def test_a_repeat_gets_the_first_answer(door: Door, pool: Pool) -> None:
    note_id = await written(door)
    won, lost = a_claim(note_id, "li"), a_claim(note_id, "wang")
    first = await door.perform([won, lost])
    await door.perform([a_request(note_id, Release())])
    calls = [replace(won, call="again"), replace(lost, call="again")]
    again = await asyncio.gather(*(door.perform(calls) for _ in range(10)))
    assert [outcome.reason for outcome in first] == ["", "ALREADY_CLAIMED"]
    assert again == [first] * 10
    assert await pool.fetchval("SELECT count(*) FROM journal") == 3
    assert await door.find([lost.request_id]) == [first[1]]


async def test_an_event_asks_again_what_its_call_was_told_when_nobody_knew(
    door: Door, pool: Pool
) -> None:
    note_id = await written(door)
    call = replace(a_claim(note_id, "li"), deadline=LONG_AGO)
    event = replace(call, deadline=NEVER, cause="the event that guarantees it")
    [late] = await door.perform([call])
    [done] = await door.perform([event])
    assert (late.reason, done.reason, done.state.holder) == ("EXPIRED", "", "li")
    assert await door.find([call.request_id]) == [done]
    assert await door.perform([call, event]) == [replace(done, state=None)] * 2
    assert await door.perform([replace(call, call="again")]) == [done]


async def test_the_same_key_with_another_body_is_refused(door: Door) -> None:
    one, other = await written(door), await written(door)
    key = uuid4()
    await door.perform([a_claim(one, request_id=key)])
    reused = a_claim(other, "wang", request_id=key)
    assert [outcome.reason for outcome in await door.perform([reused])] == [
        "IDEMPOTENCY_KEY_REUSED"
    ]
    [first] = await door.perform([a_claim(one, request_id=key)])
    assert first.reason == ""


async def test_a_create_repeated_after_a_time_out_is_the_same_create(
    door: Door, pool: Pool
) -> None:
    """The caller heard nothing and asks again, while the first attempt may still be at work."""
    writing = a_writing()
    answers = await asyncio.gather(*(door.perform([writing]) for _ in range(10)))
    assert len({answer[0].aggregate_id for answer in answers}) == 1
    assert await pool.fetchval("SELECT count(*) FROM notes") == 1
    assert await pool.fetchval("SELECT count(*) FROM journal") == 1


async def test_a_refusal_repeated_over_the_other_road_stays_a_refusal(
    door: Door, database: Installation, pool: Pool
) -> None:
    note_id = await claimed(door)
    lost = a_claim(note_id, "wang")
    [refused] = await door.perform([lost])
    await door.perform([a_request(note_id, Release())])
    other_road = Door(pool, [notes])
    assert await other_road.perform([replace(lost, call="another")]) == [refused]
    assert refused.reason == "ALREADY_CLAIMED"


@pytest.mark.parametrize("together", [True, False], ids=["one_batch", "own_transactions"])
async def test_fifty_claims_one_winner(door: Door, together: bool) -> None:
    note_id = await written(door)
    claims = [a_claim(note_id, f"clerk-{i}", expected_version=1) for i in range(50)]
    async with batching(door) as batcher:
        if together:
            outcomes = await asyncio.gather(*(batcher.submit(claim) for claim in claims))
        else:
            calls = await asyncio.gather(*(door.perform([claim]) for claim in claims))
            outcomes = [outcome for [outcome] in calls]
    [winner] = [outcome for outcome in outcomes if not outcome.reason]
    losers = [outcome for outcome in outcomes if outcome.reason == "ALREADY_CLAIMED"]
    assert len(losers) == 49
    assert {loser.facts["holder"] for loser in losers} == {winner.state.holder}


async def test_only_a_legal_command_hears_that_its_version_is_old(door: Door) -> None:
    note_id = await written(door)
    [stale] = await door.perform([a_claim(note_id, expected_version=7)])
    assert (stale.reason, stale.facts) == ("STALE_VERSION", {"version": "1"})


async def test_who_gives_up_writes_it_down(door: Door) -> None:
    claim = a_claim(await written(door))
    [expired] = await door.perform([replace(claim, deadline=LONG_AGO)])
    [late] = await door.perform([claim])
    assert expired == late and late.reason == "EXPIRED"


@pytest.mark.parametrize(("late", "reason"), [(5, ""), (60, "EXPIRED")])
async def test_clocks_of_two_hosts_may_be_somewhat_apart(
    door: Door, late: int, reason: str
) -> None:
    """The front's clock is behind the database's: its deadlines seem to be over at once."""
    claim = a_claim(await written(door), lives=timedelta(seconds=-late))
    [outcome] = await door.perform([claim])
    assert outcome.reason == reason


async def test_commands_of_one_aggregate_are_folded_in_memory(door: Door, pool: Pool) -> None:
    writing = a_writing()
    claim = a_claim(writing.aggregate_id)
    release = a_request(writing.aggregate_id, Release(("one", "two", "three")))
    look = a_request(writing.aggregate_id, Look())
    outcomes = await door.perform([writing, claim, claim, look, release])
    assert [outcome.version for outcome in outcomes] == [1, 2, 2, 2, 5]
    versions = await pool.fetch("SELECT version FROM journal ORDER BY position")
    assert [row["version"] for row in versions] == [1, 2, 3, 4, 5]


async def test_time_never_runs_backwards(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    note_id = await written(door)
    await admin.execute("""UPDATE notes SET doc = jsonb_set(
        doc::jsonb, '{time}', to_jsonb(clock_timestamp() + interval '1 hour'))::json""")
    [claim] = await door.perform([a_claim(note_id)])
    assert claim.time == claim.state.time
    assert await pool.fetchval("SELECT max(time) > clock_timestamp() FROM journal")


async def test_one_bad_command_does_not_take_the_others_along(door: Door, pool: Pool) -> None:
    good = await written(door)
    bad = a_writing("forbidden by the database")  # the whole batch fails, then only this one
    bug = a_request(good, Break())
    outcomes = await door.perform([a_claim(good), bad, a_writing(), bug])
    assert [outcome.reason for outcome in outcomes] == ["", "INTERNAL", "", "INTERNAL"]
    assert await door.perform([bad, bug]) == [outcomes[1], outcomes[3]]
    assert await pool.fetchval("SELECT count(*) FROM notes") == 2


async def test_the_same_bad_command_over_both_roads_at_once(door: Door, pool: Pool) -> None:
    """Both fail, both come to write it down: the second finds what the first has written."""
    for _ in range(5):
        bad = a_writing("forbidden by the database")
        answers = await asyncio.gather(*(door.perform([bad]) for _ in range(6)))
        assert {answer[0].reason for answer in answers} == {"INTERNAL"}
    assert await pool.fetchval("SELECT count(*) FROM outcomes") == 5


async def test_a_text_too_long_is_refused_by_name(door: Door, pool: Pool) -> None:
    long = a_writing("长" * LARGEST_EVENT)
    short = a_writing()
    outcomes = await door.perform([long, short])
    assert [outcome.reason for outcome in outcomes] == ["TOO_LARGE", ""]
    assert outcomes[0].facts["most"] == str(LARGEST_EVENT)
    assert await door.perform([long]) == outcomes[:1]


async def test_a_refusal_may_quote_what_no_table_holds(door: Door) -> None:
    note_id = await written(door)
    await door.perform([a_claim(note_id, "\N{GRINNING FACE}" * 2_000)])
    [refused] = await door.perform([a_claim(note_id)])
    assert refused.refusal is not None
    assert len(refused.refusal.facts["holder"]) < 600


async def test_what_is_transient_is_not_stored(door: Door, pool: Pool) -> None:
    note_id = await written(door)
    claim = a_claim(note_id)
    async with pool.acquire() as other, other.transaction():
        await door.within(other, [a_request(note_id, Look())])
        with pytest.raises(asyncpg.LockNotAvailableError) as caught:
            await door.perform([claim])
    assert is_transient(caught.value)
    with pytest.raises(Unavailable):
        await door.perform([a_request(note_id, Wait())])
    [outcome] = await door.perform([claim])
    assert outcome.reason == ""
    assert await pool.fetchval("SELECT count(*) FROM outcomes") == 3


async def test_a_row_that_cannot_be_read_parks_its_aggregate_alone(
    door: Door, admin: "asyncpg.Connection[Any]"
) -> None:
    broken, gone, good = [await written(door) for _ in range(3)]
    await admin.execute("UPDATE notes SET doc = '{}' WHERE id = $1", broken)
    await admin.execute("DELETE FROM notes WHERE id = $1", gone)
    twice = a_request(gone, Write(gone))  # its journal is still there, and forbids it
    outcomes = await door.perform([a_claim(broken), twice, a_claim(good)])
    assert [outcome.reason for outcome in outcomes] == ["INTERNAL", "INTERNAL", ""]


async def test_services_do_not_wait_for_each_others_locks(
    door: Door, database: Installation
) -> None:
    """A receipt's id is its incident's id, and advisory locks belong to the whole database."""
    note_id = await written(door)
    conn = await asyncpg.connect(database.url("workflow"))
    async with conn.transaction():
        await conn.execute(lock_all([key_of(note_id)]))
        [outcome] = await door.perform([a_claim(note_id)])
    await conn.close()
    assert outcome.reason == ""


async def test_the_patient_road_waits_for_a_busy_aggregate(door: Door, pool: Pool) -> None:
    note_id = await written(door)
    perform = patiently(door.perform, Pulse(), pause=0.01)
    async with pool.acquire() as other, other.transaction():
        await door.within(other, [a_request(note_id, Look())])
        waiting = asyncio.create_task(perform([a_claim(note_id)]))
        await asyncio.sleep(1.2)
        assert not waiting.done()
    assert [outcome.reason for outcome in await waiting] == [""]


async def test_a_pooled_connection_is_clean_after_a_cancelled_call(door: Door, pool: Pool) -> None:
    """The pool does not reset its connections: a transaction that was cut must be over."""
    note_id = await written(door)
    for delay in range(40):
        call = asyncio.create_task(door.perform([a_request(note_id, Look())]))
        await asyncio.sleep(delay / 10_000)
        call.cancel()
        await asyncio.wait([call])
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    assert await pool.fetchval(idle) == 0
    assert await pool.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    [outcome] = await door.perform([a_claim(note_id)])
    assert outcome.reason == ""

"""Clocks on real Postgres: late and double fires are no-ops, and none is silenced for ever."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backbone.door.request import Request
from backbone.door.timers import Timers, due_in, lapse_of
from backbone.postgres.pool import Pool
from backbone.process.pulse import Pulse
from tests.ledger.building import (
    DUE,
    RIPE,
    Door,
    a_claim,
    a_request,
    claimed,
    written,
)
from tests.ledger.domain import Break, Command, Lapse, Look, Release, Wait
from tests.servers import running_task


def the_timers(pool: Pool, door: Door, command: Command | None = None) -> Timers:
    def lapse(row: Any) -> Request[Command]:
        return lapse_of(row, command or Lapse())

    return Timers(pool, door, DUE, lapse, Pulse())


async def unlucky(admin: "asyncpg.Connection[Any]", note_id: UUID) -> None:
    """A note that the database does not let go of its holder."""
    check = "CHECK (hands IS NOT NULL OR text <> 'unlucky') NOT VALID"
    await admin.execute(f"ALTER TABLE notes ADD {check}")
    said = """doc = jsonb_set(doc::jsonb, '{text}', '"unlucky"')::json"""
    await admin.execute(f"UPDATE notes SET text = 'unlucky', {said} WHERE id = $1", note_id)


async def lapses(pool: Pool, note_id: UUID | None = None) -> int:
    whose = "($1::uuid IS NULL OR aggregate_id = $1)"
    query = f"SELECT count(*) FROM journal WHERE kind LIKE '%lapsed%' AND {whose}"
    return int(await pool.fetchval(query, note_id))


async def test_what_is_due_fires_once_whoever_is_there(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    for _ in range(30):
        await claimed(door)
    await admin.execute(RIPE)
    timers = [the_timers(pool, door) for _ in range(4)]
    fired = await asyncio.gather(*(timer.fire() for timer in timers))
    assert sum(fired) == 30 == await lapses(pool)
    assert await timers[0].fire() == 0


async def test_many_clocks_of_one_second_fire_in_batches(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    for _ in range(250):
        await claimed(door)
    await admin.execute(RIPE)
    running = asyncio.create_task(the_timers(pool, door).run())
    async with asyncio.timeout(5):
        while await lapses(pool) < 250:
            await asyncio.sleep(0.02)
    running.cancel()


async def _released(door: Door, note_id: UUID, later: float) -> None:
    """The timers look before they fire: without a head start they would never be first."""
    await asyncio.sleep(later)
    await door.perform([a_request(note_id, Release())])


async def test_timer_and_command_do_not_deadlock(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    note_id = await written(door)
    timers = [the_timers(pool, door) for _ in range(2)]
    for i in range(60):
        await door.perform([a_claim(note_id, f"clerk-{i}")])
        await admin.execute(RIPE)
        released = _released(door, note_id, later=i % 6 / 1000)
        await asyncio.gather(*(timer.fire() for timer in timers), released)
    # Each round is one claim and one end of it, by the release or by a clock.
    versions = await pool.fetch("SELECT version FROM journal ORDER BY position")
    assert [row["version"] for row in versions] == list(range(1, 122))
    assert 0 < await lapses(pool) < 60


async def test_a_busy_aggregate_holds_no_clock_up(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    busy, free = await claimed(door), await claimed(door)
    await admin.execute(RIPE)
    timers = the_timers(pool, door)
    async with pool.acquire() as other, other.transaction():
        await door.within(other, [a_request(busy, Look())])
        assert await timers.fire() == 1
        assert (await lapses(pool, busy), await lapses(pool, free)) == (0, 1)
    assert await timers.fire() == 1
    assert await lapses(pool, busy) == 1


async def test_a_refused_clock_rests_and_is_not_silenced(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    """As after a step back of the clock: due by the table, not yet due by the decision."""
    note_id = await claimed(door)
    # A claim is due in an hour.
    page = DUE.page.replace("due_time <= statement_timestamp()", "due_time IS NOT NULL")
    soon = replace(DUE, page=page)
    timers = Timers(pool, door, soon, lambda row: lapse_of(row, Lapse()), Pulse())
    before = await pool.fetchval("SELECT count(*) FROM outcomes")
    assert await timers.fire() == 0
    await admin.execute(RIPE)
    assert await timers.fire() == 0, "it rests"
    assert await pool.fetchval("SELECT count(*) FROM outcomes") == before
    assert await the_timers(pool, door).fire() == 1
    assert await lapses(pool, note_id) == 1


async def test_a_clock_that_finds_nothing_to_do_yet_is_not_silenced(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    note_id = await claimed(door)
    await admin.execute(RIPE)
    looking = the_timers(pool, door, Look())
    before = await pool.fetchval("SELECT count(*) FROM outcomes")
    assert [await looking.fire(), await looking.fire()] == [0, 0]
    assert await pool.fetchval("SELECT count(*) FROM outcomes") == before
    assert await the_timers(pool, door).fire() == 1
    assert await lapses(pool, note_id) == 1


async def test_a_clock_that_meets_a_bug_leaves_the_others_alone(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    broken, good = await claimed(door), await claimed(door)
    await admin.execute(RIPE)
    await unlucky(admin, broken)
    timers = the_timers(pool, door)
    assert await timers.fire() == 1
    assert (await lapses(pool, broken), await lapses(pool, good)) == (0, 1)
    assert await timers.fire() == 0
    assert await the_timers(pool, door, Break()).fire() == 0


async def test_many_that_rest_do_not_stand_before_the_others(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    one_at_a_time = replace(DUE, page=DUE.page.replace("LIMIT 100", "LIMIT 1"))
    broken, good = await claimed(door), await claimed(door)
    await admin.execute(RIPE)
    await admin.execute(
        "UPDATE notes SET due_time = due_time - interval '1 h' WHERE id = $1", broken
    )
    await unlucky(admin, broken)
    timers = Timers(pool, door, one_at_a_time, lambda row: lapse_of(row, Lapse()), Pulse())
    assert [await timers.fire(), await timers.fire()] == [0, 1]
    assert (await lapses(pool, broken), await lapses(pool, good)) == (0, 1)


async def test_clocks_wait_while_nobody_can_say(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    await claimed(door)
    await admin.execute(RIPE)
    running = asyncio.create_task(the_timers(pool, door, Wait()).run(look=0.01))
    await asyncio.sleep(0.2)
    assert not running.done()
    running.cancel()
    assert await lapses(pool) == 0


async def test_a_clock_that_does_not_fire_is_a_flaw_of_a_process_that_serves(
    door: Door, pool: Pool, admin: "asyncpg.Connection[Any]"
) -> None:
    broken, pulse = await claimed(door), Pulse()
    pulse.started()
    await admin.execute(RIPE)
    await unlucky(admin, broken)
    await admin.execute("UPDATE notes SET due_time = now() - interval '6 s'")
    timers = Timers(pool, door, DUE, lambda row: lapse_of(row, Lapse()), pulse)
    async with running_task(timers.run(look=0.01)), asyncio.timeout(5):
        while not pulse.unready():
            await asyncio.sleep(0.01)
        [flaw] = pulse.unready()
        assert flaw.startswith(f"a clock of {DUE.clock} is 6 s overdue")
        assert pulse.unserving() == []
        await admin.execute("UPDATE notes SET due_time = NULL")
        while pulse.unready():
            await asyncio.sleep(0.01)


async def test_a_statement_that_is_wrong_ends_the_loop(door: Door, pool: Pool) -> None:
    timers = Timers(pool, door, due_in("nonsense"), lambda row: lapse_of(row, Lapse()), Pulse())
    with pytest.raises(asyncpg.UndefinedTableError):
        await timers.run()

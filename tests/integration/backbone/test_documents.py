"""Rows as documents: older shapes are upgraded, newer ones wait for a newer process."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from backbone.door.decider import Decider
from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.door.timers import Timers, lapse_of
from backbone.postgres.pool import Pool
from backbone.postgres.states import taken
from backbone.process.metrics import TIMERS
from backbone.process.pulse import Pulse
from tests.ledger.building import (
    DUE,
    RIPE,
    TABLE,
    a_claim,
    a_request,
    built,
    claimed,
    notes,
    shelves,
    written,
)
from tests.ledger.domain import File, Lapse, Look, Note, Write

Admin = Any  # an asyncpg connection: its generic class cannot be subscribed at run time
NOTE = "SELECT shape, version, text, doc ->> 'text' AS said, doc::text FROM notes WHERE id = $1"
STORED = "SELECT count(*) FROM outcomes"


def upgraded(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    return {**doc, "text": f"{doc['text']}, once of shape {shape}"}


NEWER: Decider[Note] = dataclasses.replace(
    notes, table=dataclasses.replace(TABLE, shape=2, upgrade=upgraded)
)


@pytest.fixture
def newer(pool: Pool) -> Door:
    """The door of a newer release beside the present one."""
    return Door(pool, [NEWER, shelves])


@pytest.fixture
async def history(pool: Pool) -> AsyncIterator[None]:
    yield
    rows = await pool.fetch("SELECT aggregate_id, max(version) FROM journal GROUP BY 1")
    states = await pool.fetch("SELECT id, version FROM notes UNION SELECT id, version FROM shelves")
    assert {tuple(row) for row in rows} == {tuple(row) for row in states}


async def test_an_older_row_is_upgraded_when_read_and_written_back_in_the_new_shape(
    door: Door, newer: Door, pool: Pool, history: None
) -> None:
    note_id = await written(door)
    [looked] = await newer.perform([a_request(note_id, Look())])
    assert looked.state.text == "一张便条, once of shape 1"
    assert (await pool.fetchrow(NOTE, note_id))["shape"] == 1, "who only looks rewrites nothing"
    [claimed] = await newer.perform([a_claim(note_id)])
    row = await pool.fetchrow(NOTE, note_id)
    assert (row["shape"], row["version"]) == (2, 2)
    assert row["text"] == row["said"] == claimed.state.text == "一张便条, once of shape 1"
    [again] = await newer.perform([a_request(note_id, Look())])
    assert again.state == claimed.state, "an upgrade happens once"


async def is_newer(door: Door, newer: Door) -> Any:
    note_id = await written(door)
    await newer.perform([a_claim(note_id)])
    return note_id


def refused_for_now(outcome: Outcome, table: str = "notes") -> bool:
    told = (outcome.reason, outcome.kind, outcome.facts)
    return told == ("NEWER_SHAPE", "Unavailable", {"table": table, "shape": "2"})


async def test_a_newer_row_waits_for_a_newer_process_alone(
    door: Door, newer: Door, pool: Pool, history: None
) -> None:
    of, good = await is_newer(door, newer), await written(door)
    before, stored = await pool.fetchrow(NOTE, of), await pool.fetchval(STORED)
    claim, write = a_claim(of, "wang", call="c"), a_request(of, Write(of), call="c")
    answers = await door.perform([claim, a_claim(good), write, claim])
    assert [refused_for_now(answer) for answer in answers] == [True, False, True, True]
    assert answers[1].reason == ""
    assert await pool.fetchval(STORED) == stored + 1
    assert await pool.fetchrow(NOTE, of) == before
    [told] = await newer.perform([claim])
    assert told.reason == "ALREADY_CLAIMED", "the same request, answered by who can read the row"


async def test_a_repeat_whose_row_is_newer_is_told_later(
    door: Door, newer: Door, pool: Pool, history: None
) -> None:
    note_id = await written(door)
    look = a_request(note_id, Look(), call="first")
    await door.perform([look])
    await newer.perform([claim := a_claim(note_id, call="first")])
    stored = await pool.fetchval(STORED)
    answers = await door.perform([replace(each, call="again") for each in (look, claim)])
    assert [refused_for_now(answer) for answer in answers] == [True, True]
    assert [each.state for each in await door.find([claim.request_id])] == [None]
    [found] = await newer.find([claim.request_id])
    assert (found.reason, found.state.holder) == ("", "li")
    assert await pool.fetchval(STORED) == stored


async def test_what_looks_at_a_newer_row_waits_too(
    door: Door, pool: Pool, admin: Admin, history: None
) -> None:
    shelf, free, note_id = await built(door), await built(door), await written(door)
    await admin.execute("UPDATE shelves SET shape = 2 WHERE id = $1", shelf)
    answers = await door.perform([a_request(note_id, File(each)) for each in (shelf, free)])
    assert [refused_for_now(answers[0], "shelves"), answers[1].reason] == [True, ""]
    assert await pool.fetchval("SELECT count(*) FROM journal") == 4


async def test_a_clock_of_a_newer_row_rests(
    door: Door, newer: Door, pool: Pool, admin: Admin
) -> None:
    of, good = await is_newer(door, newer), await claimed(door)
    await admin.execute(RIPE)
    count = TIMERS.labels("notes", "unavailable")._value
    before = count.get()
    timers = Timers(pool, door, DUE, lambda row: lapse_of(row, Lapse()), Pulse())
    assert [await timers.fire(), await timers.fire()] == [1, 0]
    assert count.get() == before + 1, "it is not tried at every turn"
    lapsed = "SELECT aggregate_id FROM journal WHERE kind LIKE '%lapsed%' ORDER BY position"
    assert [row[0] for row in await pool.fetch(lapsed)] == [good]
    fresh = Timers(pool, newer, DUE, lambda row: lapse_of(row, Lapse()), Pulse())
    assert await fresh.fire() == 1
    assert [row[0] for row in await pool.fetch(lapsed)] == [good, of]


async def test_a_repeat_over_a_row_that_no_release_wrote_is_a_bug_alone(
    door: Door, pool: Pool, admin: Admin
) -> None:
    broken, good = await written(door), await written(door)
    looks = [a_request(of, Look(), call="first") for of in (broken, good)]
    await door.perform(looks)
    await admin.execute("UPDATE notes SET doc = '{}' WHERE id = $1", broken)
    stored = await pool.fetchval(STORED)
    answers = await door.perform([replace(look, call="again") for look in looks])
    assert [answer.reason for answer in answers] == ["INTERNAL", ""]
    assert await pool.fetchval(STORED) == stored
    [found] = await door.find([looks[0].request_id])
    assert (found.reason, found.state) == ("", None)


async def test_a_document_keeps_what_the_record_holds(door: Door, admin: Admin) -> None:
    """Texts with quotes, backslashes, line ends and characters outside the first plane."""
    said = 'a "quoted" \\ line\nand 𠮷 \x7f'
    note_id = uuid4()
    [outcome] = await door.perform([a_request(note_id, Write(note_id, said))])
    row = await admin.fetchrow("SELECT shape, doc::text AS doc FROM notes")
    assert notes.from_row(taken(row)) == outcome.state
    assert await admin.fetchval("SELECT text FROM notes") == said


async def test_the_chain_of_hashes_goes_on_over_an_upgrade(
    door: Door, newer: Door, admin: Admin
) -> None:
    note_id = await is_newer(door, newer)
    hashes = await admin.fetch("SELECT hash FROM journal ORDER BY position")
    assert await admin.fetchval("SELECT hash FROM notes WHERE id = $1", note_id) == hashes[-1][0]


def test_two_types_may_not_share_a_command(pool: Pool) -> None:
    with pytest.raises(ValueError, match="belongs to two aggregate types"):
        Door(pool, [notes, dataclasses.replace(notes, kind="liandong.other")])

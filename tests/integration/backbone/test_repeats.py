"""Repeats on real Postgres: the first answer from the row or the journal, while it may be seen."""

import random
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.postgres.pool import Pool
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.ledger.building import a_claim, a_request, claimed, written
from tests.ledger.domain import Claim, Look, Release, Reveal, Write

Admin = Any  # an asyncpg connection: its generic class cannot be subscribed at run time


async def repeated(door: Door, *requests: Request[Any]) -> list[Outcome]:
    return await door.perform([replace(each, call="again") for each in requests])


async def everything(pool: Pool) -> list[str]:
    tables = ("notes", "journal", "outcomes", "unsent")
    return [
        await pool.fetchval(f"SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM {table} AS t")
        for table in tables
    ]


async def test_the_answer_is_the_row_while_it_has_that_version(
    door: Door, pool: Pool, admin: Admin
) -> None:
    note_id = await written(door)
    claim = a_claim(note_id, call="first")
    first = await door.perform([claim])
    before = await everything(pool)
    await admin.execute("ALTER TABLE journal RENAME TO away")
    assert await repeated(door, claim) == first
    assert await door.find([claim.request_id]) == first
    assert await door.perform([claim]) == first, "the same call, over the other road"
    await admin.execute("ALTER TABLE away RENAME TO journal")
    assert await everything(pool) == before


async def test_the_answer_is_the_journal_folded_when_the_row_has_gone_on(
    door: Door, pool: Pool
) -> None:
    note_id = await written(door)
    claim = a_claim(note_id, call="first")
    first = await door.perform([claim])
    await door.perform([a_request(note_id, Release(("one", "two")))])
    before = await everything(pool)
    assert await repeated(door, claim) == first
    assert await door.perform([claim]) == first
    assert (first[0].state.holder, first[0].state.version) == ("li", 2)
    assert await everything(pool) == before


async def test_an_answer_that_only_a_newer_release_can_fold_waits_for_it_alone(
    door: Door, pool: Pool, admin: Admin
) -> None:
    note_id, other = await written(door), await written(door)
    claim, beside = a_claim(note_id, call="first"), a_claim(other, "wang", call="first")
    [_, clear] = await door.perform([claim, beside])
    await door.perform([a_request(note_id, Release())])
    unknown = IncidentEvent(meta=Meta(version=2)).SerializeToString()
    await admin.execute(
        "UPDATE journal SET payload = $2 WHERE aggregate_id = $1 AND version = 2", note_id, unknown
    )
    [newer, again] = await repeated(door, claim, beside)
    assert (newer.reason, newer.kind) == ("NEWER_EVENT", "Unavailable")
    assert newer.facts == {"table": "notes", "version": "2"}
    assert again == clear


async def test_within_one_batch_a_repeat_finds_what_stands_before_it(door: Door) -> None:
    note_id = await written(door)
    claim = a_claim(note_id, call="first")
    requests = [claim, a_request(note_id, Release()), replace(claim, call="again")]
    [first, _, again] = await door.perform(requests)
    assert again == first


@pytest.mark.parametrize("seed", range(5))
async def test_every_repeat_of_a_long_history_hears_its_first_answer(
    door: Door, pool: Pool, seed: int
) -> None:
    chance = random.Random(seed)
    ids, asked = [uuid4() for _ in range(4)], []
    first: dict[Any, Outcome] = {}
    for _ in range(12):
        of = [chance.choice(ids) for _ in range(6)]
        commands = [chance.choice([Write(i), Claim("li"), Release(("a", "b")), Look()]) for i in of]
        batch = [a_request(i, each, call="first") for i, each in zip(of, commands, strict=True)]
        answers = await door.perform(batch)
        first |= {each.request_id: answer for each, answer in zip(batch, answers, strict=True)}
        asked += batch
    before = await everything(pool)
    assert await repeated(door, *asked) == [first[each.request_id] for each in asked]
    assert await everything(pool) == before


@pytest.mark.parametrize("refused", [False, True], ids=["accepted", "refused"])
async def test_who_may_no_longer_see_gets_the_refusal_and_nothing_stored_changes(
    door: Door, pool: Pool, refused: bool
) -> None:
    note_id = await written(door)
    command = Release(by="stranger") if refused else Look("stranger")
    request = a_request(note_id, command, call="first")
    first = await door.perform([request])
    assert first[0].reason == ("NOT_CLAIMED" if refused else "")
    await door.perform([a_claim(note_id)])
    before = await everything(pool)
    [told] = await repeated(door, request)
    assert (told.reason, told.kind, told.state) == ("NO_SUCH_NOTE", "NotFound", None)
    assert await everything(pool) == before
    await door.perform([a_request(note_id, Release())])
    assert await repeated(door, request) == first, "who may see again hears the first answer"


async def test_a_repeat_of_what_discloses_is_decided_anew(door: Door, pool: Pool) -> None:
    note_id = await claimed(door)
    holder = f"holder of {note_id}"
    reveal = a_request(note_id, Reveal(holder), call="first")
    stranger = a_request(note_id, Reveal("stranger"), call="first")
    first = await door.perform([reveal, stranger])
    assert [answer.reason for answer in first] == ["", "NOT_THE_HOLDER"]
    again = await repeated(door, reveal, stranger)
    assert (again[0], again[1].refusal.args) == (first[0], first[1].refusal.args)
    await door.perform([a_request(note_id, Release())])
    before = await everything(pool)
    [told, _] = await repeated(door, reveal, stranger)
    assert (told.reason, told.state) == ("NOT_THE_HOLDER", None)
    assert await everything(pool) == before
    await door.perform([a_claim(note_id, "stranger")])
    [_, later] = await repeated(door, reveal, stranger)
    assert later.reason == "NOT_THE_HOLDER", "a refusal is not lifted by a repeat"


async def test_a_follower_that_repeats_needs_no_state(door: Door) -> None:
    """A clock or an event has no call: it hears the outcome, and the journal is not read."""
    claim = a_claim(await written(door))
    [first] = await door.perform([claim])
    assert await door.perform([claim]) == [replace(first, state=None)]

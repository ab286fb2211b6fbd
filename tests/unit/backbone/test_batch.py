"""The fold of a batch: duplicates change nothing, aggregates commute, replay gives the state."""

import dataclasses
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.door.batch import CLOCK_SKEW, Batch, Loaded, Read
from backbone.door.decider import LARGEST_EVENT, Decider
from backbone.door.journal import FIRST, hash_of
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.life_cycle import Also, LifeCycle, creates
from backbone.words.errors import Unavailable
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.ledger.building import a_request, notes, shelves
from tests.ledger.domain import (
    CAP,
    Break,
    Claim,
    Command,
    Event,
    Lapse,
    Look,
    Note,
    Release,
    Reveal,
    Wait,
    Write,
    hands_of,
)
from tests.ledger.shelves import Shut

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTES = [UUID(int=number) for number in range(1, 4)]
Asked = tuple[UUID, Command]


def decider_of(command: Any) -> Decider[Any]:
    return notes if type(command) in notes.life_cycle.verbs else shelves


def a_batch(
    rows: dict[UUID, Loaded] | None = None,
    known: dict[UUID, Outcome] | None = None,
    members: dict[UUID, frozenset[UUID]] | None = None,
) -> Batch:
    return Batch(decider_of, Read(NOW, rows or {}, known or {}, members or {}))


def bare(outcome: Outcome) -> Outcome:
    """As it is stored."""
    return replace(outcome, state=None)


def left_by(batch: Batch) -> Batch:
    """A later batch, which reads what the first one has written."""
    rows = {of: Loaded(state, batch.hash_of(of)) for of, state in batch.changed.items()}
    hands = {hands_of(state.holder) for state in batch.changed.values() if state.holder}
    return a_batch(
        rows,
        {of: bare(each) for of, each in batch.outcomes.items()},
        {key: batch.members(key) for key in hands},
    )


def requests_of(asked: list[Asked]) -> list[Request[Command]]:
    """The same commands with the same request ids, wherever they stand."""
    counted: dict[UUID, int] = {}
    found = []
    for note_id, command in asked:
        counted[note_id] = counted.get(note_id, 0) + 1
        request_id = uuid5(note_id, str(counted[note_id]))
        request = a_request(note_id, command, request_id=request_id)
        found.append(replace(request, deadline=NOW + timedelta(hours=1)))
    return found


commands = st.sampled_from(NOTES).flatmap(
    lambda note_id: st.tuples(
        st.just(note_id),
        st.sampled_from(
            [Write(note_id), Claim("li"), Claim("wang"), Release(), Release(("a", "b")), Look()]
        ),
    )
)
batches = st.lists(commands, max_size=25)


@given(batches, st.data())
def test_duplicates_change_nothing(asked: list[Asked], data: st.DataObject) -> None:
    once, twice = a_batch(), a_batch()
    requests = requests_of(asked)
    answers = [once.answer(request) for request in requests]
    repeated = [again for each in requests for again in [each] * data.draw(st.integers(1, 3))]
    again = {request.request_id: twice.answer(request) for request in repeated}
    assert [again[request.request_id] for request in requests] == answers
    assert twice.changed == once.changed
    assert twice.journal_rows == once.journal_rows


@given(batches)
def test_aggregates_commute(asked: list[Asked]) -> None:
    together, apart = a_batch(), a_batch()
    requests = requests_of(asked)
    answers = {request.request_id: together.answer(request) for request in requests}
    for request in sorted(requests, key=lambda each: each.aggregate_id):
        assert apart.answer(request) == answers[request.request_id]
    assert apart.changed == together.changed
    by_place = lambda record: (record.aggregate_id, record.version)  # noqa: E731
    assert sorted(apart.journal_rows, key=by_place) == sorted(together.journal_rows, key=by_place)


@given(batches)
def test_the_journal_replayed_is_the_state_and_its_hashes_are_a_chain(asked: list[Asked]) -> None:
    batch = a_batch()
    for request in requests_of(asked):
        batch.answer(request)
    for note_id, state in batch.changed.items():
        records = [each for each in batch.journal_rows if each.aggregate_id == note_id]
        assert [record.version for record in records] == list(range(1, state.version + 1))
        assert notes.fold(record.payload for record in records) == state
        assert notes.from_doc(notes.to_doc(state), notes.table.shape) == state
        previous = FIRST
        for record in records:
            assert record.hash == hash_of(record, previous)
            previous = record.hash


@given(batches, st.integers(0, 25))
def test_two_batches_are_as_good_as_one(asked: list[Asked], at: int) -> None:
    whole, first = a_batch(), a_batch()
    requests = requests_of(asked)
    answers = [whole.answer(request) for request in requests]
    halves = [first.answer(request) for request in requests[:at]]
    second = left_by(first)
    halves += [second.answer(request) for request in requests[at:]]
    assert halves == answers
    assert first.journal_rows + second.journal_rows == whole.journal_rows


@pytest.mark.parametrize(
    ("late", "reason"), [(timedelta(), ""), (CLOCK_SKEW, "EXPIRED")], ids=["in_time", "late"]
)
def test_a_deadline_has_an_allowance_for_clocks(late: timedelta, reason: str) -> None:
    [request] = requests_of([(NOTES[0], Write(NOTES[0]))])
    assert a_batch().answer(replace(request, deadline=NOW - late)).reason == reason


@pytest.mark.parametrize("bug", [False, True], ids=["late", "bug"])
def test_an_event_asks_again_what_nobody_knew(bug: bool) -> None:
    [request] = requests_of([(NOTES[0], Break() if bug else Write(NOTES[0]))])
    told = a_batch().answer(request if bug else replace(request, deadline=NOW - CLOCK_SKEW))
    assert told.reason == ("INTERNAL" if bug else "EXPIRED")
    event = replace(request, command=Write(NOTES[0]), cause="an event")
    batch = a_batch(known={request.request_id: told})
    assert batch.answer(request) == told, "the call and its repeats keep their answer"
    done = batch.answer(event)
    assert done.reason == ""
    assert (batch.withdrawn, [*batch.outcomes.values()]) == ([request.request_id], [done])
    assert batch.answer(event) == batch.answer(request) == done


def test_what_cannot_be_said_to_an_event_leaves_the_stored_answer() -> None:
    [request] = requests_of([(NOTES[0], Break())])
    told = a_batch().answer(request)
    newer = Loaded(None, b"", Unavailable("NEWER_SHAPE", table="notes", shape=2))
    batch = a_batch({NOTES[0]: newer}, {request.request_id: told})
    event = replace(request, command=Look(), cause="an event")
    assert batch.answer(event).reason == "NEWER_SHAPE"
    assert (batch.withdrawn, batch.outcomes) == ([], {})


def test_an_event_does_not_retry_a_refused_request() -> None:
    [write, claim] = requests_of([(NOTES[0], Write(NOTES[0])), (NOTES[0], Write(NOTES[0]))])
    batch = a_batch()
    batch.answer(write)
    refused = batch.answer(claim)
    assert refused.reason
    assert batch.answer(replace(claim, cause="an event")) == refused


def test_what_cannot_be_said_is_raised_and_what_is_broken_is_answered() -> None:
    batch = a_batch()
    [wait, bug] = requests_of([(NOTES[0], Wait()), (NOTES[1], Break())])
    with pytest.raises(Unavailable):
        batch.answer(wait)
    assert batch.answer(bug).reason == "INTERNAL"
    assert [*batch.outcomes] == [bug.request_id]


def test_a_command_that_is_accepted_over_nothing_is_a_bug() -> None:
    def absent_minded(note: Note | None, command: Look, now: datetime, also: Also) -> list[Event]:
        return []

    part = SimpleNamespace(VERBS=(creates(absent_minded),))
    life_cycle: LifeCycle[Note, Also] = LifeCycle((part,), "", guard=lambda note, command: None)
    careless = dataclasses.replace(notes, life_cycle=life_cycle)
    batch = Batch(lambda command: careless, Read(NOW, {}, {}))
    [request] = requests_of([(NOTES[0], Look())])
    assert batch.answer(request).reason == "INTERNAL"


def test_an_event_too_large_leaves_no_trace() -> None:
    batch = a_batch()
    [write, lapse] = requests_of(
        [(NOTES[0], Write(NOTES[0], "x" * LARGEST_EVENT)), (NOTES[0], Lapse())]
    )
    assert batch.answer(write).reason == "TOO_LARGE"
    assert batch.answer(lapse).reason == "NO_SUCH_NOTE"
    assert (batch.changed, batch.journal_rows) == ({}, [])


def test_events_of_two_kinds_of_aggregates_with_one_id_have_ids_of_their_own() -> None:
    request = requests_of([(NOTES[0], Write(NOTES[0]))])[0]
    ids = set()
    for each in [notes, dataclasses.replace(notes, kind="liandong.other")]:
        batch = Batch(lambda command, each=each: each, Read(NOW, {}, {}))  # type: ignore[misc]
        batch.answer(request)
        [record] = batch.journal_rows
        assert IncidentEvent.FromString(record.payload).meta.event_id == str(record.event_id)
        ids.add(record.event_id)
    assert len(ids) == 2


def test_an_id_of_another_aggregate_type_names_none() -> None:
    [write] = requests_of([(NOTES[0], Write(NOTES[0]))])
    batch = a_batch()
    batch.answer(write)
    for later in (batch, left_by(batch)):
        shut = later.answer(a_request(NOTES[0], Shut(), lives=timedelta(days=999)))
        assert shut.reason == "NO_SUCH_SHELF"


MANY = [UUID(int=number) for number in range(1, 8)]


@given(st.lists(st.tuples(st.sampled_from(MANY), st.sampled_from([Claim("li"), Release()]))))
def test_a_group_is_what_its_states_say_after_every_request(asked: list[Asked]) -> None:
    """Half of the notes come with the rows, half are written by the batch itself."""
    first = a_batch()
    for request in requests_of([(of, Write(of)) for of in MANY[:4]] + [(MANY[0], Claim("li"))]):
        first.answer(request)
    batch = left_by(first)
    for request in requests_of([(of, Write(of)) for of in MANY[4:]] + asked):
        batch.answer(replace(request, request_id=uuid5(request.request_id, "later")))
        states = first.changed | batch.changed
        held = {of for of, state in states.items() if state.holder == "li"}
        assert batch.members(hands_of("li")) == held
        assert len(held) <= CAP


# --- repeats


def again(request: Request[Any], **more: Any) -> Request[Any]:
    return replace(request, call="again", **more)


def first_calls(*asked: Asked) -> tuple[Batch, list[Request[Any]], list[Outcome]]:
    requests = [replace(each, call="first") for each in requests_of(list(asked))]
    batch = a_batch()
    return batch, requests, [batch.answer(request) for request in requests]


def test_a_repeat_hears_the_first_answer_with_the_row_while_it_has_that_version() -> None:
    of = NOTES[0]
    first, [write, claim], [written, claimed] = first_calls((of, Write(of)), (of, Claim("li")))
    for later in (first, left_by(first)):
        assert later.answer(again(claim)) == claimed
        assert later.answer(again(write)) == (written if later is first else bare(written))


@pytest.mark.parametrize("reason", ["", "NOT_CLAIMED"])
def test_who_may_no_longer_see_is_refused_and_nothing_is_stored(reason: str) -> None:
    """A stranger's accepted look and refused release, repeated after the note was claimed."""
    of, asked = NOTES[0], Release(by="stranger") if reason else Look("stranger")
    first, [_, request], [_, answer] = first_calls((of, Write(of)), (of, asked))
    assert answer.reason == reason
    batch = left_by(first)
    assert batch.answer(again(request)).reason == reason
    batch.answer(a_request(of, Claim("li"), lives=timedelta(days=999)))
    batch.outcomes.clear()
    assert batch.answer(again(request)).reason == "NO_SUCH_NOTE"
    assert batch.answer(request) == bare(answer), "the same call, over the other road"
    assert (batch.outcomes, batch.withdrawn) == ({}, [])


def test_a_repeat_of_what_discloses_is_decided_anew() -> None:
    of = NOTES[0]
    batch, [*_, reveal], [*_, shown] = first_calls(
        (of, Write(of)), (of, Claim("li")), (of, Reveal("li"))
    )
    assert (shown.reason, batch.answer(again(reveal))) == ("", shown)
    batch.answer(a_request(of, Release(), lives=timedelta(days=999)))
    assert batch.answer(again(reveal)).reason == "NOT_THE_HOLDER"
    batch.answer(a_request(of, Claim("li"), lives=timedelta(days=999)))
    present = batch.answer(again(reveal))
    assert (present.version, present.state) == (4, batch.changed[of])


def test_a_repeat_that_meets_an_unreadable_row_is_answered_alone_and_unstored() -> None:
    of = NOTES[0]
    _, [write], [written] = first_calls((of, Write(of)))
    for flaw, reason in ((ValueError(), "INTERNAL"), (Unavailable("NEWER_SHAPE"), "NEWER_SHAPE")):
        batch = a_batch({of: Loaded(None, b"", flaw)}, {write.request_id: bare(written)})
        assert batch.answer(again(write)).reason == reason
        assert batch.outcomes == {}


def test_a_repeat_is_known_by_what_was_written_or_by_what_was_sealed() -> None:
    """An earlier release has kept the hash of the body with its sealed pieces."""
    [write] = requests_of([(NOTES[0], Write(NOTES[0]))])
    known = a_batch().answer(write)
    other = replace(write, body_hash="other")
    for kept in (known, replace(known, body_hash="sealed")):
        asked = replace(other, sealed_hash=kept.body_hash)
        assert a_batch(known={write.request_id: kept}).answer(asked).reason == ""
        refused = a_batch(known={write.request_id: kept}).answer(other)
        assert refused.reason == "IDEMPOTENCY_KEY_REUSED"


def test_an_outcome_without_a_hash_answers_for_its_own_aggregate_alone() -> None:
    """The flow's outcomes of 0.1.0: a reused key must not show another aggregate."""
    first = a_batch()
    [write] = requests_of([(NOTES[0], Write(NOTES[0]))])
    known = replace(first.answer(write), body_hash="")
    again = a_batch(known={write.request_id: known})
    assert again.answer(write).reason == ""
    elsewhere = replace(write, aggregate_id=NOTES[1], command=Look())
    assert again.answer(elsewhere).reason == "IDEMPOTENCY_KEY_REUSED"

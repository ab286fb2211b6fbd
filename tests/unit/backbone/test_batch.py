"""The fold of a batch: duplicates change nothing, aggregates commute, replay gives the state."""

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import reduce
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.door.batch import CLOCK_SKEW, Batch
from backbone.door.journal import FIRST, hash_of
from backbone.door.outcomes import from_row, to_row
from backbone.door.request import Request
from backbone.words.errors import Unavailable
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from tests.ledger.building import KINDS, a_request, notes
from tests.ledger.domain import (
    Break,
    Claim,
    Command,
    Event,
    Lapse,
    Look,
    Note,
    Release,
    Wait,
    Write,
    decide,
    evolve,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTES = [UUID(int=number) for number in range(1, 4)]
Asked = tuple[UUID, Command]


def a_batch(**parts: object) -> Batch:
    given = {"states": {}, "hashes": {}, "known": {}} | parts
    return Batch(notes, NOW, **given)  # type: ignore[arg-type]


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
    assert twice.records == once.records


@given(batches)
def test_aggregates_commute(asked: list[Asked]) -> None:
    together, apart = a_batch(), a_batch()
    requests = requests_of(asked)
    answers = {request.request_id: together.answer(request) for request in requests}
    for request in sorted(requests, key=lambda each: each.aggregate_id):
        assert apart.answer(request) == answers[request.request_id]
    assert apart.changed == together.changed
    by_place = lambda record: (record.aggregate_id, record.version)  # noqa: E731
    assert sorted(apart.records, key=by_place) == sorted(together.records, key=by_place)


@given(batches)
def test_the_journal_replayed_is_the_state_and_its_hashes_are_a_chain(asked: list[Asked]) -> None:
    batch = a_batch()
    for request in requests_of(asked):
        outcome = batch.answer(request)
        assert from_row(to_row(outcome)) == outcome
    for note_id, state in batch.changed.items():
        records = [each for each in batch.records if each.aggregate_id == note_id]
        assert [record.version for record in records] == list(range(1, state.version + 1))
        events = [notes.from_event(record.payload, KINDS) for record in records]
        replayed: Note | None = reduce(evolve, events, None)  # type: ignore[arg-type]
        assert replayed is not None
        assert (replayed.holder, replayed.version, replayed.time) == (
            state.holder,
            state.version,
            state.time,
        )
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
    hashes = {record.aggregate_id: record.hash for record in first.records}
    second = a_batch(states=first.changed, hashes=hashes)
    halves += [second.answer(request) for request in requests[at:]]
    assert halves == answers
    assert first.records + second.records == whole.records


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


def test_an_event_does_not_ask_again_what_was_refused() -> None:
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
    def absent_minded(note: Note | None, command: Command, now: datetime) -> list[Event]:
        return [] if note is None else decide(note, command, now)

    careless = dataclasses.replace(notes, decide=absent_minded)
    batch = Batch(careless, NOW, {}, {}, {})
    [request] = requests_of([(NOTES[0], Look())])
    assert batch.answer(request).reason == "INTERNAL"


def test_an_event_too_large_leaves_no_trace() -> None:
    batch = a_batch()
    [write, lapse] = requests_of(
        [(NOTES[0], Write(NOTES[0], "x" * LARGEST_EVENT)), (NOTES[0], Lapse())]
    )
    assert batch.answer(write).reason == "TOO_LARGE"
    assert batch.answer(lapse).reason == "NO_SUCH_NOTE"
    assert (batch.changed, batch.records) == ({}, [])


def test_events_of_two_kinds_of_aggregates_with_one_id_have_ids_of_their_own() -> None:
    request = requests_of([(NOTES[0], Write(NOTES[0]))])[0]
    both = [notes, dataclasses.replace(notes, kind="liandong.other")]
    ids = set()
    for each in both:
        batch = Batch(each, NOW, states={}, hashes={}, known={})
        batch.answer(request)
        [record] = batch.records
        assert IncidentEvent.FromString(record.payload).meta.event_id == str(record.event_id)
        ids.add(record.event_id)
    assert len(ids) == 2

"""A notice carries a stored outcome, sealed for one front; too long ones are left out."""

from dataclasses import replace as altered
from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.door.carrying import CHANNEL, LONGEST, Carrier
from backbone.door.notices import FEW, addressed
from backbone.door.outcomes import Outcome
from tests.ledger.building import a_request, notes, shelves
from tests.ledger.domain import Note, Write

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = UUID(int=7)
KEY = bytes(range(32))
CARRIER = Carrier(KEY, [notes, shelves])
NOTE = Note(ID, 3, NOW, "a word")
ACCEPTED = Outcome(ID, "hash", ID, 3, "", "", {}, NOW, "call", NOTE)
REFUSED = Outcome(ID, "hash", ID, 3, "TAKEN", "Conflict", {"by": "li"}, NOW, "call")


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED])
def test_an_outcome_arrives_as_it_was(outcome: Outcome) -> None:
    text = CARRIER.seal("front_a", outcome)
    assert CARRIER.open("front_a", text) == outcome
    assert "word" not in text


def test_what_does_not_fit_is_not_carried() -> None:
    long = replace(ACCEPTED, state=replace(NOTE, text="x" * LONGEST))
    assert CARRIER.seal("front_a", long) == ""


def test_a_shape_of_another_release_leaves_the_state_to_a_read() -> None:
    newer = altered(notes, table=altered(notes.table, shape=notes.table.shape + 1))
    found = CARRIER.open("front_a", Carrier(KEY, [newer, shelves]).seal("front_a", ACCEPTED))
    assert found == replace(ACCEPTED, state=None)
    assert not found.has_answer


def test_a_notice_of_another_key_or_front_or_a_changed_one_is_refused() -> None:
    text = CARRIER.seal("front_a", ACCEPTED)
    foreign = Carrier(bytes(32), [notes]).seal("front_a", ACCEPTED)
    other = CARRIER.seal("front_b", ACCEPTED)
    changed = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    for crafted in (foreign, other, changed, "=", "=AAAA", "=not base64!", "=" + "A" * 40):
        with pytest.raises(ValueError, match=r"."):
            CARRIER.open("front_a", crafted)


@pytest.mark.parametrize(
    ("front", "answer", "others", "is_carried"),
    [
        (f"{CHANNEL}a", ACCEPTED, 0, True),
        (f"{CHANNEL}a", REFUSED, FEW - 1, True),
        (f"{CHANNEL}a", ACCEPTED, FEW, False),  # a large batch
        ("front_a", ACCEPTED, 0, False),  # a front of 0.1.0
        (f"{CHANNEL}a", replace(ACCEPTED, call="earlier"), 0, False),
        (f"{CHANNEL}a", replace(ACCEPTED, state=None), 0, False),
        (f"{CHANNEL}a", replace(REFUSED, kind="Unavailable"), 0, False),  # never stored
    ],
)
def test_what_is_carried(front: str, answer: Outcome, others: int, is_carried: bool) -> None:
    request = a_request(ID, Write(ID), front=front, call="call", request_id=ID)
    requests, answers = [request] + [a_request(ID, Write(ID))] * others, [answer] * (others + 1)
    [channel], [text] = addressed(requests, answers, CARRIER)
    assert channel == front
    assert text.startswith("=") if is_carried else text == ID.hex

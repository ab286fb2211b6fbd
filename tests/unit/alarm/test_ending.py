"""The ways in which a receipt ends; each receipt ends in one of them, once."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.place import Place
from services.alarm.receipt.ending import (
    AnswerAtDesk,
    MarkInvalid,
    OpenIncident,
    ReceiptOpened,
    matter_of,
)
from services.alarm.receipt.passing import PassTo12345, ReferToMediation
from services.alarm.receipt.record import Incident, Kind, Outcome, State
from tests.cities import NOW
from tests.desks import AUDITOR, DISPATCHER, EAST_GRID, GRID_MEMBER, TAKER, a_report
from tests.unit.alarm.receipts import (
    ANSWER,
    ID,
    INVALID,
    LINK,
    OPEN,
    PASS,
    RECEIVED,
    REFER,
    after,
    decide,
    evolve,
    refusal_of,
)

ENDS: dict[Outcome, Sequence[Any]] = {
    Outcome.OPENED: [OPEN],
    Outcome.LINKED: [LINK],
    Outcome.ANSWERED: [ANSWER],
    Outcome.PASSED: [PASS, REFER],
    Outcome.INVALID: [INVALID],
}
EVERY_END = [end for ends in ENDS.values() for end in ends]


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("second", EVERY_END, ids=lambda end: type(end).__name__)
def test_a_second_end_hears_the_first(outcome: Outcome, second: Any) -> None:
    for first in ENDS[outcome]:
        ended = after(first, found=RECEIVED)
        assert ended.ending is not None
        assert (ended.state, ended.outcome) == (State.ENDED, outcome)
        assert ended.ending.ended_by == "zhou"
        refusal = refusal_of(ended, second)
        assert isinstance(refusal, InvalidTransition)
        assert refusal.reason == "ALREADY_ENDED"
        assert refusal.facts["outcome"] == outcome
        assert refusal.facts["time"] == NOW.isoformat()


def test_opening_carries_the_matter() -> None:
    [opened] = decide(RECEIVED, OPEN)
    assert isinstance(opened, ReceiptOpened)
    matter = opened.matter
    assert (matter.id, matter.code, matter.source) == (ID, RECEIVED.code, "ALARM")
    assert matter.title == "交通事故 · 长风路12号"
    assert (matter.place.area, matter.desk, matter.to_unit) == (EAST_GRID, "command", "")
    found = evolve(RECEIVED, opened)
    assert found.incident == Incident(ID, RECEIVED.code, Followed())
    assert matter_of(found) == matter, "the call asks for what the event says"


def test_a_receipt_without_class_or_place_still_opens() -> None:
    bare = after(a_report(category="", place=Place()))
    assert (bare.classification.priority, bare.area) == ("P3", "990101")
    [opened] = decide(bare, OPEN)
    assert isinstance(opened, ReceiptOpened)
    assert opened.matter.title == "未定类警情"


def test_passing_and_referring_find_the_nearest_unit() -> None:
    passed, referred = after(PASS, found=RECEIVED), after(REFER, found=RECEIVED)
    assert (passed.passed_to, referred.passed_to) == ("hotline", "mediation")
    assert after(PassTo12345(TAKER), found=RECEIVED).passed_to == "hotline"
    assert after(PassTo12345(TAKER, "roads"), found=RECEIVED).passed_to == "roads"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (OpenIncident(TAKER, "nowhere"), "UNKNOWN_UNIT"),
        (AnswerAtDesk(TAKER, " "), "REPLY_MISSING"),
        (PassTo12345(TAKER, "nowhere"), "UNKNOWN_UNIT"),
        (PassTo12345(TAKER, "command"), "SAME_UNIT"),
        (ReferToMediation(TAKER, "roads"), "NOT_A_MEDIATION_UNIT"),
        (MarkInvalid(TAKER, None), "REASON_MISSING"),
    ],
)
def test_what_ends_nothing(command: Any, reason: str) -> None:
    refusal = refusal_of(RECEIVED, command)
    assert isinstance(refusal, InvalidArgument)
    assert refusal.reason == reason


def test_the_desk_ends_it_or_a_dispatcher_of_the_area() -> None:
    assert refusal_of(RECEIVED, AnswerAtDesk(AUDITOR, "好")).reason == "ROLE_MAY_NOT"
    of_calls = replace(TAKER, role="grid_member")
    assert refusal_of(RECEIVED, AnswerAtDesk(of_calls, "好")).reason == "NOT_YOUR_DESK"
    theirs = after(a_report(by=GRID_MEMBER, kind=Kind.GRID_REPORT))
    assert after(OpenIncident(DISPATCHER), found=theirs).outcome is Outcome.OPENED
    assert refusal_of(theirs, OPEN).reason == "NO_SUCH_RECEIPT"

"""Every state and command from one table; who may do what; replay; the five ways."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition, NotFound, Refusal
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from backbone.words.place import Place
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.call_back import RecordCallBack
from services.alarm.receipt.closing import CloseReceipt
from services.alarm.receipt.dispatch import (
    DispatchNow,
    DispatchOrdered,
    RefuseDispatch,
    order_of,
)
from services.alarm.receipt.ending import (
    AnswerAtDesk,
    MarkInvalid,
    OpenIncident,
    PassTo12345,
    ReceiptOpened,
    ReferToMediation,
    matter_of,
)
from services.alarm.receipt.intake import AmendReceipt, ClassifyReceipt, ConfirmClass
from services.alarm.receipt.linking import FollowIncident, LinkRepeat, UnlinkRepeat
from services.alarm.receipt.record import (
    Finding,
    Incident,
    InvalidReason,
    Kind,
    Outcome,
    Receipt,
    State,
)
from services.alarm.receipt.reveal import RevealCaller
from tests.cities import NORTH, SOUTH
from tests.desks import (
    AUDITOR,
    DISPATCHER,
    EAST_GRID,
    GRID_MEMBER,
    HERE,
    HOTLINE_CLERK,
    STRANGER,
    TAKER,
    a_desk_city,
    a_report,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CITY = a_desk_city()
ID, OTHER = UUID(int=7), UUID(int=8)
CODE = "990101260101-000009-0"


decide, evolve = RECEIPTS.decide, RECEIPTS.evolve


def after(*commands: Any, found: Receipt | None = None) -> Receipt:
    for command in commands:
        found = reduce(evolve, decide(found, command, NOW, CITY), found)
    assert found is not None
    return found


RECEIVE = a_report()
OPEN = OpenIncident(TAKER)
LINK = LinkRepeat(TAKER, OTHER, CODE, Followed(3, "CLAIMED", "north"))
ANSWER = AnswerAtDesk(TAKER, "电话告知办理地点")
PASS = PassTo12345(TAKER, "12345")
REFER = ReferToMediation(TAKER)
INVALID = MarkInvalid(TAKER, InvalidReason.HOAX)
UNLINK, CLOSE = UnlinkRepeat(TAKER, "另一起事故"), CloseReceipt(TAKER)
FOLLOW = FollowIncident(ID, Step("IncidentClosed", 9, state="CLOSED"))

RECEIVED = after(RECEIVE)
ANSWERED, LINKED = after(ANSWER, found=RECEIVED), after(LINK, found=RECEIVED)
STATES = {
    State.RECEIVED: RECEIVED,
    State.ENDED: ANSWERED,
    State.CLOSED: after(CLOSE, found=ANSWERED),
}
ENDS: dict[Outcome, Sequence[Any]] = {
    Outcome.OPENED: [OPEN],
    Outcome.LINKED: [LINK],
    Outcome.ANSWERED: [ANSWER],
    Outcome.PASSED: [PASS, REFER],
    Outcome.INVALID: [INVALID],
}
EVERY_END = [end for ends in ENDS.values() for end in ends]
MOVES: list[Any] = [
    *EVERY_END,
    AmendReceipt(by=TAKER, narrative="三车相撞"),
    ClassifyReceipt(TAKER, "theft", "P2"),
    ConfirmClass(TAKER, "theft"),
    UNLINK,
    CLOSE,
    DispatchNow(TAKER, "red"),
    RefuseDispatch("blue", "UNKNOWN_TEAM"),
    RecordCallBack(TAKER, Finding.SATISFIED),
    FOLLOW,
    RevealCaller(TAKER, "回访"),
]


EVERY_STATE = [
    *STATES.values(),
    LINKED,
    after(OPEN, found=RECEIVED),
    after(INVALID, found=RECEIVED),
]
PEOPLE = [TAKER, DISPATCHER, GRID_MEMBER, HOTLINE_CLERK, AUDITOR, STRANGER]


def refusal_of(found: Receipt | None, command: Any) -> Refusal:
    """The refusal of a command, which its verb must have declared."""
    with pytest.raises(Refusal) as caught:
        decide(found, command, NOW, CITY)
    general = {"NO_SUCH_RECEIPT", "INVALID_TRANSITION"}
    assert caught.value.reason in {*RECEIPTS.verbs[type(command)].reasons, *general}
    return caught.value


def name_of(command: Any) -> str:
    return type(command).__name__


def test_every_command_is_in_the_table() -> None:
    assert {type(move) for move in [RECEIVE, *MOVES]} == set(RECEIPTS.verbs)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("command", MOVES, ids=name_of)
def test_every_state_and_command(state: State, command: Any) -> None:
    before = LINKED if isinstance(command, UnlinkRepeat) else STATES[state]
    before = replace(before, state=state)
    if state in (RECEIPTS.verbs[type(command)].states or ()):
        events = decide(before, command, NOW, CITY)
        found = reduce(evolve, events, before)
        assert found.version == before.version + len(events)
    else:
        refusal = refusal_of(before, command)
        assert isinstance(refusal, InvalidTransition)


@pytest.mark.parametrize("command", MOVES, ids=name_of)
def test_nothing_moves_that_does_not_exist(command: Any) -> None:
    assert refusal_of(None, command).reason == "NO_SUCH_RECEIPT"


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("second", EVERY_END, ids=name_of)
def test_a_second_end_hears_the_first(outcome: Outcome, second: Any) -> None:
    for first in ENDS[outcome]:
        ended = after(first, found=RECEIVED)
        assert ended.ending is not None
        assert (ended.state, ended.outcome) == (State.ENDED, outcome)
        assert ended.ending.ended_by == "zhou"
        refusal = refusal_of(ended, second)
        assert refusal.reason == "ALREADY_ENDED"
        assert refusal.facts["outcome"] == outcome
        assert refusal.facts["time"] == NOW.isoformat()


def test_opening_carries_the_matter() -> None:
    [opened] = decide(RECEIVED, OPEN, NOW, CITY)
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
    [opened] = decide(bare, OPEN, NOW, CITY)
    assert isinstance(opened, ReceiptOpened)
    assert opened.matter.title == "未定类警情"


def test_the_priority_is_that_of_the_class_unless_said() -> None:
    assert RECEIVED.classification.priority == "P2"
    assert after(a_report(priority="P1")).classification.priority == "P1"


def test_passing_and_referring_find_the_nearest_unit() -> None:
    passed, referred = after(PASS, found=RECEIVED), after(REFER, found=RECEIVED)
    assert (passed.passed_to, referred.passed_to) == ("hotline", "mediation")
    assert after(PassTo12345(TAKER), found=RECEIVED).passed_to == "hotline"
    assert after(PassTo12345(TAKER, "roads"), found=RECEIVED).passed_to == "roads"


def test_unlinking_opens_the_receipt_again() -> None:
    again = after(UNLINK, found=LINKED)
    assert (again.state, again.outcome, again.incident) == (State.RECEIVED, None, None)
    assert after(OPEN, found=again).outcome is Outcome.OPENED


def test_a_link_to_what_is_over_is_filed_at_once() -> None:
    over = LinkRepeat(TAKER, OTHER, CODE, Followed(9, "CLOSED", "north"))
    assert after(over, found=RECEIVED).state is State.CLOSED


def test_a_receipt_follows_its_incident_and_is_closed_with_it() -> None:
    opened = after(OPEN, found=RECEIVED)
    assert refusal_of(opened, CLOSE).reason == "INCIDENT_STILL_OPEN"
    claimed = FollowIncident(ID, Step("IncidentClaimed", 4, state="CLAIMED", unit="north"))
    found = after(claimed, found=opened)
    assert found.incident is not None
    assert found.incident.known == Followed(4, "CLAIMED", "north")
    older = FollowIncident(ID, Step("IncidentOffered", 3, state="OFFERED"))
    assert decide(found, older, NOW, CITY) == []
    others = FollowIncident(OTHER, Step("IncidentClosed", 9, state="CLOSED"))
    assert decide(found, others, NOW, CITY) == []
    closed = after(FOLLOW, found=found)
    assert (closed.state, closed.outcome) == (State.CLOSED, Outcome.OPENED)


def test_several_teams_may_be_sent_each_once() -> None:
    red = after(DispatchNow(TAKER, "red", "带破拆工具"), found=RECEIVED)
    [ordered] = decide(red, DispatchNow(TAKER, "blue"), NOW, CITY)
    assert isinstance(ordered, DispatchOrdered)
    assert ordered.order.matter_id == ID
    both = after(OPEN, found=evolve(red, ordered))
    assert [each.team for each in both.dispatches] == ["red", "blue"]
    assert refusal_of(both, DispatchNow(TAKER, "red")).reason == "ALREADY_DISPATCHED"


@pytest.mark.parametrize("role", ["grid_member", "care_worker", "receptionist", "partner"])
def test_who_only_reports_sends_nobody(role: str) -> None:
    by = Actor("wu", TAKER.unit, role, TAKER.area)
    refusal = refusal_of(RECEIVED, DispatchNow(by, "red"))
    assert (refusal.reason, refusal.facts["role"]) == ("ROLE_MAY_NOT", role)


@pytest.mark.parametrize("role", ["call_taker", "duty_officer"])
def test_a_desk_sends_the_teams_of_its_area_and_of_its_unit(role: str) -> None:
    for unit, area, may in [
        ("command", "990100", True),
        ("command", NORTH, True),
        ("north", SOUTH, True),
        ("command", SOUTH, False),
        ("command", "", False),
    ]:
        origin = replace(RECEIVED.origin, unit=unit)
        found, by = replace(RECEIVED, origin=origin), Actor("li", unit, role, area)
        if may:
            assert decide(found, DispatchNow(by, "red"), NOW, CITY)
        else:
            assert refusal_of(found, DispatchNow(by, "red")).reason == "NO_SUCH_TEAM"


def test_a_refused_order_does_not_stand_and_may_be_given_again() -> None:
    red, refused = DispatchNow(TAKER, "red"), RefuseDispatch("red", "ALREADY_DISPATCHED")
    found = after(red, DispatchNow(TAKER, "blue"), refused, found=RECEIVED)
    assert [(each.team, each.refused) for each in found.dispatches] == [
        ("red", "ALREADY_DISPATCHED"),
        ("blue", ""),
    ]
    assert decide(found, refused, NOW, CITY) == [], "it is refused once"
    [ordered] = decide(found, red, NOW, CITY)
    assert isinstance(ordered, DispatchOrdered)
    again = evolve(found, ordered)
    assert order_of(again, red) == ordered.order, "the call asks for what the event says"
    assert ordered.order.again == 1
    assert [(each.team, each.refused, each.again) for each in again.dispatches] == [
        ("blue", "", 0),
        ("red", "", 1),
    ]


def test_a_team_is_sent_to_the_matter_that_the_report_was_linked_to() -> None:
    [ordered] = decide(LINKED, DispatchNow(TAKER, "red"), NOW, CITY)
    assert isinstance(ordered, DispatchOrdered)
    assert (ordered.order.matter_id, ordered.order.code) == (OTHER, CODE)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (a_report(kind=None), "KIND_MISSING"),
        (a_report(category="unheard"), "UNKNOWN_CATEGORY"),
        (a_report(priority="P9"), "UNKNOWN_PRIORITY"),
        (a_report(place=Place("", HERE, "")), "OUTSIDE_CITY"),
        (a_report(place=Place("", None, "880000")), "UNKNOWN_AREA"),
    ],
)
def test_what_cannot_be_taken_down(command: Any, reason: str) -> None:
    refusal = refusal_of(None, command)
    assert isinstance(refusal, InvalidArgument)
    assert refusal.reason == reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (AmendReceipt(by=TAKER), "NOTHING_TO_CHANGE"),
        (AmendReceipt(by=TAKER, place=Place("", HERE, "")), "OUTSIDE_CITY"),
        (ClassifyReceipt(TAKER, "", ""), "NOTHING_TO_CHANGE"),
        (ClassifyReceipt(TAKER, "unheard", ""), "UNKNOWN_CATEGORY"),
        (ClassifyReceipt(TAKER, "", "P9"), "UNKNOWN_PRIORITY"),
        (OpenIncident(TAKER, "nowhere"), "UNKNOWN_UNIT"),
        (LinkRepeat(TAKER, ID, "", Followed()), "LINKED_TO_ITSELF"),
        (LinkRepeat(TAKER, OTHER), "UNKNOWN_INCIDENT"),
        (AnswerAtDesk(TAKER, " "), "REPLY_MISSING"),
        (PassTo12345(TAKER, "nowhere"), "UNKNOWN_UNIT"),
        (PassTo12345(TAKER, "command"), "SAME_UNIT"),
        (ReferToMediation(TAKER, "roads"), "NOT_A_MEDIATION_UNIT"),
        (MarkInvalid(TAKER, None), "REASON_MISSING"),
        (DispatchNow(TAKER, "nobody"), "UNKNOWN_TEAM"),
        (RecordCallBack(TAKER, None), "FINDING_MISSING"),
        (RevealCaller(TAKER, " "), "PURPOSE_MISSING"),
    ],
)
def test_what_is_wrong_in_any_state(command: Any, reason: str) -> None:
    refusal = refusal_of(RECEIVED, command)
    assert isinstance(refusal, InvalidArgument)
    assert refusal.reason == reason


def test_what_is_left_to_be_refused_by_state() -> None:
    assert refusal_of(RECEIVED, RECEIVE).reason == "ALREADY_RECEIVED"
    assert refusal_of(RECEIVED, CLOSE).reason == "NOT_ENDED"
    assert refusal_of(ANSWERED, UNLINK).reason == "NOT_LINKED"
    assert refusal_of(LINKED, UnlinkRepeat(TAKER, "")).reason == "REASON_MISSING"
    assert refusal_of(ANSWERED, ConfirmClass(TAKER, "")).reason == "UNKNOWN_CATEGORY"
    invalid = after(INVALID, found=RECEIVED)
    assert refusal_of(invalid, DispatchNow(TAKER, "red")).reason == "ALREADY_ENDED"
    many = reduce(lambda found, _: after(MOVES[-3], found=found), range(50), ANSWERED)
    assert refusal_of(many, MOVES[-3]).reason == "TOO_MANY_CALL_BACKS"


def test_each_kind_has_its_takers() -> None:
    taken = after(a_report(by=GRID_MEMBER, kind=Kind.GRID_REPORT))
    assert (taken.unit, taken.origin.desk_area) == ("north-village", GRID_MEMBER.area)
    refusal = refusal_of(None, a_report(by=GRID_MEMBER))
    assert isinstance(refusal, Denied)
    assert refusal.reason == "MAY_NOT_RECEIVE"


def test_who_may_do_what() -> None:
    assert isinstance(refusal_of(RECEIVED, AnswerAtDesk(STRANGER, "好")), NotFound)
    assert refusal_of(RECEIVED, AnswerAtDesk(AUDITOR, "好")).reason == "NOT_YOUR_DESK"
    passed = after(PASS, found=RECEIVED)
    assert refusal_of(passed, CloseReceipt(HOTLINE_CLERK)).reason == "NOT_YOUR_DESK"
    theirs = after(a_report(by=GRID_MEMBER, kind=Kind.GRID_REPORT))
    assert after(OpenIncident(DISPATCHER), found=theirs).outcome is Outcome.OPENED
    assert refusal_of(theirs, OPEN).reason == "NO_SUCH_RECEIPT"


@pytest.mark.parametrize("actor", [AUDITOR, GRID_MEMBER, STRANGER], ids=lambda who: who.role)
def test_only_the_desk_that_took_the_call_sees_the_caller(actor: Any) -> None:
    refusal = refusal_of(RECEIVED, RevealCaller(actor, "核实"))
    assert refusal.reason in ("MAY_NOT_REVEAL", "NO_SUCH_RECEIPT")


@settings(max_examples=200)
@given(st.lists(st.sampled_from([RECEIVE, *MOVES]), max_size=30))
def test_replay_gives_the_same_receipt_and_one_end_at_most(commands: list[Any]) -> None:
    found: Receipt | None = None
    journal: list[Any] = []
    for command in commands:
        try:
            events = decide(found, command, NOW + timedelta(days=len(journal)), CITY)
        except Refusal:
            continue
        journal += events
        found = reduce(evolve, events, found)
        if found is not None:
            assert found.version == len(journal)
            assert (found.outcome is None) == (found.state is State.RECEIVED)
            assert (found.incident is None) == (
                found.outcome not in (Outcome.OPENED, Outcome.LINKED)
            )
    assert reduce(evolve, journal, None) == found  # type: ignore[arg-type]


@settings(max_examples=200)
@given(
    st.sampled_from([RECEIVE, *MOVES]),
    st.sampled_from([None, *EVERY_STATE]),
    st.sampled_from(PEOPLE),
)
def test_a_verb_declares_every_reason_that_it_gives(
    command: Any, found: Receipt | None, by: Actor
) -> None:
    if hasattr(command, "by"):
        command = replace(command, by=by)
    with contextlib.suppress(Refusal):
        answered = decide(found, command, NOW, CITY)
        assert all(type(event) in RECEIPTS.changes for event in answered)
        return
    refusal_of(found, command)

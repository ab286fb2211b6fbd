"""Orders to teams 派队: each team once, before or after the end, and the refusals."""

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from services.alarm.receipt.dispatch import (
    DispatchNow,
    DispatchOrdered,
    RefuseDispatch,
    order_of,
    stands,
)
from tests.cities import NORTH, SOUTH
from tests.desks import TAKER
from tests.unit.alarm.receipts import (
    CODE,
    ID,
    INVALID,
    LINKED,
    OPEN,
    OTHER,
    RECEIVED,
    after,
    decide,
    evolve,
    refusal_of,
)


def test_several_teams_may_be_sent_each_once() -> None:
    red = after(DispatchNow(TAKER, "red", "带破拆工具"), found=RECEIVED)
    [ordered] = decide(red, DispatchNow(TAKER, "blue"))
    assert isinstance(ordered, DispatchOrdered)
    assert ordered.order.matter_id == ID
    both = after(OPEN, found=evolve(red, ordered))
    assert [each.team for each in both.dispatches] == ["red", "blue"]
    assert refusal_of(both, DispatchNow(TAKER, "red")).reason == "ALREADY_DISPATCHED"


@pytest.mark.parametrize("role", ["grid_member", "care_worker", "receptionist"])
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
            assert decide(found, DispatchNow(by, "red"))
        else:
            assert refusal_of(found, DispatchNow(by, "red")).reason == "NO_SUCH_TEAM"


def test_a_refused_order_does_not_stand_and_may_be_given_again() -> None:
    red, refused = DispatchNow(TAKER, "red"), RefuseDispatch("red", "ALREADY_DISPATCHED")
    found = after(red, DispatchNow(TAKER, "blue"), refused, found=RECEIVED)
    assert [(each.team, each.refused) for each in found.dispatches] == [
        ("red", "ALREADY_DISPATCHED"),
        ("blue", ""),
    ]
    assert decide(found, refused) == [], "it is refused once"
    [ordered] = decide(found, red)
    assert isinstance(ordered, DispatchOrdered)
    again = evolve(found, ordered)
    assert order_of(again, red) == ordered.order, "the call asks for what the event says"
    assert ordered.order.again == 1
    assert [(each.team, each.refused, each.again) for each in again.dispatches] == [
        ("red", "ALREADY_DISPATCHED", 0),
        ("blue", "", 0),
        ("red", "", 1),
    ]


def test_a_team_is_sent_to_the_matter_that_the_report_was_linked_to() -> None:
    [ordered] = decide(LINKED, DispatchNow(TAKER, "red"))
    assert isinstance(ordered, DispatchOrdered)
    assert (ordered.order.matter_id, ordered.order.code) == (OTHER, CODE)


def test_only_a_team_that_exists_is_sent_and_not_to_a_hoax() -> None:
    assert refusal_of(RECEIVED, DispatchNow(TAKER, "nobody")).reason == "UNKNOWN_TEAM"
    invalid = after(INVALID, found=RECEIVED)
    assert refusal_of(invalid, DispatchNow(TAKER, "red")).reason == "ALREADY_ENDED"


@pytest.mark.parametrize("over", ["REFUSED", "CLEARED", "RECALLED"])
def test_a_team_whose_mission_is_over_is_sent_again(over: str) -> None:
    red = DispatchNow(TAKER, "red", "带破拆工具")
    sent = after(red, found=RECEIVED)
    for under_way in ("", "PENDING", "ON_SCENE"):
        refusal = refusal_of(sent, replace(red, standing=under_way))
        assert refusal.reason == "ALREADY_DISPATCHED"
        assert refusal.facts["state"] == (under_way or "ORDERED")
    [ordered] = decide(sent, replace(red, standing=over))
    assert isinstance(ordered, DispatchOrdered)
    assert (ordered.order.again, ordered.order.note) == (1, "带破拆工具")
    assert ordered.order.receipt == str(ID)
    again = evolve(sent, ordered)
    assert order_of(again, red) == ordered.order, "the call asks for what the event says"
    assert [(each.team, each.again) for each in again.dispatches] == [("red", 0), ("red", 1)]
    refused = after(RefuseDispatch("red", "ALREADY_DISPATCHED"), found=again)
    assert [each.refused for each in refused.dispatches] == ["", "ALREADY_DISPATCHED"]
    standing = stands(refused, "red")
    assert standing is not None
    assert standing.again == 0, "the order that was not refused is the true one"
    assert refusal_of(refused, red).reason == "ALREADY_DISPATCHED"
    [third] = decide(refused, replace(red, standing=over))
    assert third.order.again == 2

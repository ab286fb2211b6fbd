"""Routing 分流: the dispute enters the flow, and follows its incident from there on."""

from services.dispute.dispute.record import State
from services.dispute.dispute.routing import RouteDispute, matter_of
from tests.unit.dispute.disputes import ACCEPTED, CLAIMED, DESK, ROUTED, after, decide, refusal_of


def test_a_routed_dispute_follows_its_incident() -> None:
    assert ROUTED.state is State.ROUTED
    held = after(CLAIMED, dispute=ROUTED)
    incident = held.routing.incident
    assert incident and (incident.state, incident.unit) == ("CLAIMED", "north")
    assert held.units == ("command", "north")
    assert decide(held, CLAIMED) == [], "an old step changes nothing"


def test_what_was_not_routed_follows_nothing() -> None:
    assert refusal_of(ACCEPTED, CLAIMED) == "NOT_ROUTED"


def test_it_is_routed_to_a_unit_that_exists() -> None:
    assert refusal_of(ACCEPTED, RouteDispute(DESK, "moon")) == "UNKNOWN_UNIT"


def test_a_kind_goes_to_its_own_body_and_names_nobody() -> None:
    matter = matter_of(ROUTED)
    assert matter.category == "dispute.neighbour"
    assert "sealed" not in str(matter)

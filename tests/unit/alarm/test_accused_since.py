"""An incident that accuses a unit since a correction: the receipts that were linked before."""

from typing import Any

import pytest

from backbone.words.actor import Actor
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from backbone.words.sight import sees
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1 import incident_events_pb2 as pb
from liandong.incident.v1.incident_pb2 import Matter
from services.alarm.consumers import accusing
from services.alarm.receipt.accused_since import FollowAccusation
from services.alarm.receipt.linking import LinkRepeat
from services.alarm.receipt.merging import FollowMerge
from services.alarm.receipt.record import Receipt, State
from tests.cities import COUNTY
from tests.desks import TAKER
from tests.unit.alarm.receipts import CODE, ID, OTHER, RECEIVED, after, decide

HELD = Followed(3, "CLAIMED", "north")
LINKED = after(LinkRepeat(TAKER, OTHER, CODE, HELD), found=RECEIVED)
WATCHER = Actor("zhou", "county", "supervisor", COUNTY)
CLERK = Actor("li", "north", "clerk")


def accused(unit: str, found: Receipt = LINKED) -> Receipt:
    return after(FollowAccusation(OTHER, unit), found=found)


def test_a_linked_receipt_is_protected_like_its_incident() -> None:
    assert sees(WATCHER, LINKED.facts) and sees(CLERK, LINKED.facts)
    hidden = accused("north")
    assert hidden.against == "north" and hidden.state is LINKED.state
    assert not sees(WATCHER, hidden.facts), "no watcher learns of an accusation"
    assert not sees(CLERK, hidden.facts), "nor does the unit that had it"
    assert sees(TAKER, hidden.facts), "the desk has taken it down itself"


def test_units_below_the_accused_are_barred_too() -> None:
    hidden = accused("county")
    assert {"county", "north"} <= {hidden.against, *hidden.barred}
    assert not sees(CLERK, hidden.facts)


def test_a_receipt_at_the_accused_desk_is_taken_apart() -> None:
    apart = accused(RECEIVED.unit)
    assert (apart.state, apart.incident, apart.against) == (State.RECEIVED, None, "")


MERGE = FollowMerge(
    OTHER, Step("IncidentMerged", 8, state="MERGED"), ID, CODE, HELD, Actor("zhao", "command"), ""
)


def an_event(accused: str = "", **kind: Any) -> pb.IncidentEvent:
    return pb.IncidentEvent(meta=Meta(aggregate_id=str(ID), accused=accused), **kind)


AMENDED = an_event("north", amended=pb.IncidentAmended(changed=["against"]))
CALLER_LINKED = an_event("north", caller_linked=pb.CallerLinked())


def test_whoever_joins_after_the_accusation_was_told_hears_of_it_all_the_same() -> None:
    """The host begins to accuse, and tells those it has; then the merge brings a linked receipt.
    The host records each that has joined it, and that event says whom it accuses."""
    told = FollowAccusation(ID, "north")
    assert decide(LINKED, told) == [], "it is not there yet"
    there = after(MERGE, found=LINKED)
    assert sees(WATCHER, there.facts), "the merge was told as it was then"
    assert accusing([CALLER_LINKED]) is CALLER_LINKED
    hidden = after(told, found=there)
    assert hidden.against == "north" and not sees(WATCHER, hidden.facts)
    early = after(FollowAccusation(OTHER, "north"), MERGE, found=LINKED)
    assert early.facts == hidden.facts, "in whatever order"


def test_an_incident_tells_whom_it_accuses_by_each_of_its_events() -> None:
    plain = an_event(caller_linked=pb.CallerLinked())
    assert accusing([plain]) is None
    assert accusing([plain, AMENDED, CALLER_LINKED]) is CALLER_LINKED
    older = an_event(amended=pb.IncidentAmended(matter=Matter(against="north")))
    assert accusing([older, plain]) is older, "one of a release that did not say it beside"


@pytest.mark.parametrize("merged", [(), (MERGE,)], ids=["linked", "and merged"])
def test_a_linked_receipt_at_the_accused_desk_leaves_also_what_its_incident_joined(
    merged: tuple[Any, ...],
) -> None:
    """Workflow parts an incident whose own desk is accused; this one was taken down by another."""
    found = after(*merged, found=LINKED) if merged else LINKED
    there = found.matter_id
    apart = after(FollowAccusation(there, RECEIVED.unit), found=found)
    assert (apart.state, apart.incident, apart.against) == (State.RECEIVED, None, "")


@pytest.mark.parametrize("found", [accused("north"), RECEIVED])
def test_what_is_known_or_of_another_incident_changes_nothing(found: Receipt) -> None:
    assert decide(found, FollowAccusation(OTHER, "north")) == []

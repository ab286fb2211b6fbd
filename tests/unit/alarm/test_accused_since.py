"""An incident that accuses a unit since a correction: the receipts that were linked before."""

import pytest

from backbone.words.actor import Actor
from backbone.words.followed import Followed
from backbone.words.sight import sees
from services.alarm.receipt.accused_since import FollowAccusation
from services.alarm.receipt.linking import LinkRepeat
from services.alarm.receipt.record import Receipt, State
from tests.cities import COUNTY
from tests.desks import TAKER
from tests.unit.alarm.receipts import CODE, OTHER, RECEIVED, after, decide

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


@pytest.mark.parametrize("found", [accused("north"), RECEIVED])
def test_what_is_known_or_of_another_incident_changes_nothing(found: Receipt) -> None:
    assert decide(found, FollowAccusation(OTHER, "north")) == []

"""Receipts follow a merge of their incident, and come back when it is undone; in any order."""

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from services.alarm.receipt.accused_since import FollowAccusation
from services.alarm.receipt.amending import AmendReceipt
from services.alarm.receipt.classifying import ClassifyReceipt
from services.alarm.receipt.linking import FollowIncident
from services.alarm.receipt.merging import FollowMerge, FollowParting
from services.alarm.receipt.record import Outcome, State
from tests.desks import TAKER
from tests.unit.alarm.receipts import (
    CODE,
    ID,
    LINKED,
    OPEN,
    OTHER,
    RECEIVED,
    after,
    decide,
    refusal_of,
)

ZHAO = Actor("zhao", "command")
OPENED = after(
    OPEN,
    FollowIncident(ID, Step("IncidentOffered", 3, state="OFFERED", unit="north")),
    found=RECEIVED,
)
GOES_ON = Followed(version=5, state="CLAIMED", unit="south", holder="li", priority="P1")
MERGE = FollowMerge(
    ID, Step("IncidentMerged", 4, state="MERGED"), OTHER, CODE, known=GOES_ON, merger=ZHAO
)
PART = FollowParting(ID, Step("IncidentReinstated", 5, state="OFFERED"), ZHAO)
MERGED = after(MERGE, found=OPENED)


def test_it_stays_the_receipt_that_opened_one_and_follows_the_other() -> None:
    [event] = decide(OPENED, MERGE)
    assert event.caller_linked.incident_id == str(OTHER)
    assert (event.caller_linked.merged, event.caller_linked.user) == (OPENED.code, "zhao")
    assert event.caller_linked.version == OPENED.version + 1
    [urgent] = decide(OPENED, replace(MERGE, priority="P1"))
    assert (event.caller_linked.priority, urgent.caller_linked.priority) == ("", "P1")
    assert (MERGED.outcome, MERGED.state) == (Outcome.OPENED, State.ENDED)
    assert (MERGED.matter_id, MERGED.matter_code, MERGED.handler) == (OTHER, CODE, "south")
    closed = FollowIncident(OTHER, Step("IncidentClosed", 9, state="CLOSED"))
    assert after(closed, found=MERGED).state is State.CLOSED
    late = FollowIncident(ID, Step("IncidentVoided", 9, state="VOIDED"))
    assert decide(MERGED, late) == [], "it follows the old one no more"


def test_it_comes_back_with_what_its_own_incident_has_become() -> None:
    [event] = decide(MERGED, PART)
    assert event.caller_unlinked.incident_id == str(OTHER)
    back = after(PART, found=MERGED)
    assert back.incident is not None and back.incident.before is None
    assert (back.matter_id, back.incident.known.state) == (ID, "OFFERED")
    assert back.incident.known.unit == "north"
    claimed = FollowParting(ID, Step("IncidentClaimed", 6, state="CLAIMED", holder="li"), ZHAO)
    assert after(claimed, found=back).incident.known.holder == "li"  # type: ignore[union-attr]


def test_one_that_was_filed_with_the_other_is_open_again_when_it_comes_back() -> None:
    closed = FollowIncident(OTHER, Step("IncidentClosed", 9, state="CLOSED"))
    filed = after(closed, found=MERGED)
    back = after(PART, found=filed)
    assert (back.state, back.outcome) == (State.ENDED, Outcome.OPENED)


def test_into_one_that_has_closed_meanwhile_it_is_filed() -> None:
    over = replace(MERGE, known=replace(GOES_ON, state="CLOSED"))
    assert after(over, found=OPENED).state is State.CLOSED


def test_one_that_has_not_heard_of_an_undone_void_is_open_again_once_it_moves() -> None:
    """Else the matter goes on, and its desk can neither correct nor send: it stays filed."""
    voided = FollowIncident(ID, Step("IncidentVoided", 4, state="VOIDED"))
    merge = replace(MERGE, step=Step("IncidentMerged", 6, state="MERGED"))
    moved = after(voided, merge, found=OPENED)
    assert (moved.state, moved.outcome, moved.matter_id) == (State.ENDED, Outcome.OPENED, OTHER)
    late = FollowIncident(ID, Step("IncidentReinstated", 5, state="OFFERED"))
    assert decide(moved, late) == []
    over = replace(merge, known=replace(GOES_ON, state="CLOSED"))
    assert after(voided, over, found=OPENED).state is State.CLOSED


def test_late_and_repeated_news_move_nothing() -> None:
    assert decide(MERGED, MERGE) == []
    assert decide(after(PART, found=MERGED), MERGE) == [], "the merge was undone before"
    assert decide(after(PART, found=MERGED), PART) == []


def test_an_undoing_that_comes_again_does_not_undo_the_next_merge() -> None:
    """Over the other road, after the incident was merged once more: the receipt would stand at an
    incident that has no unit, with its team, for good."""
    again = replace(MERGE, step=Step("IncidentMerged", 6, state="MERGED"))
    merged_again = after(MERGE, PART, again, found=OPENED)
    assert merged_again.matter_id == OTHER
    assert decide(merged_again, PART) == []
    undone = replace(PART, step=Step("IncidentReinstated", 7, state="OFFERED"))
    assert after(undone, found=merged_again).matter_id == ID


def test_a_linked_one_goes_along_and_comes_back_as_a_linked_one() -> None:
    there = replace(
        MERGE, incident_id=OTHER, into=ID, step=Step("IncidentMerged", 8, state="MERGED")
    )
    moved = after(there, found=LINKED)
    assert (moved.matter_id, moved.outcome) == (ID, Outcome.LINKED)
    part = FollowParting(OTHER, Step("IncidentReinstated", 9, state="OFFERED"), ZHAO)
    back = after(part, found=moved)
    assert back.incident is not None and LINKED.incident is not None
    assert back.incident.link_version == LINKED.incident.link_version
    assert back.matter_id == OTHER


def test_what_it_corrects_then_stands_beside_the_facts_of_the_other() -> None:
    *_, amended = decide(MERGED, AmendReceipt(by=TAKER, danger="煤气味"))
    assert amended.correction.linked and amended.correction.matter.id == OTHER
    assert not decide(OPENED, AmendReceipt(by=TAKER, danger="煤气味"))[-1].correction.linked


def test_what_was_corrected_meanwhile_is_told_to_the_incident_it_comes_back_to() -> None:
    """Nothing that was said while it was merged is lost, danger above all."""
    amend = AmendReceipt(by=TAKER, danger="油箱漏油", narrative="车里着火了")
    there = after(amend, ClassifyReceipt(TAKER, "", "P1"), found=MERGED)
    [event] = decide(there, PART)
    assert event.correction is not None
    said = event.correction
    assert (said.matter.id, said.linked, said.version) == (ID, False, there.version + 1)
    assert {each.fact for each in said.facts} == {"narrative", "danger", "priority"}
    assert {each.version for each in said.facts} == {there.version + 1}
    assert (said.matter.priority, said.matter.danger) == ("P1", "油箱漏油")
    [quiet] = decide(MERGED, PART)
    assert quiet.correction is None, "nothing was corrected"


LATE = AmendReceipt(by=TAKER, against="roads", reason="来电检举", narrative="民警收钱")


def test_inside_another_matter_it_begins_no_accusation() -> None:
    assert refusal_of(MERGED, LATE).reason == "ACCUSATION_APART"
    assert after(LATE, found=after(PART, found=MERGED)).against == "roads"


def test_an_accusation_that_crossed_the_merge_tells_the_other_matter_nothing() -> None:
    accusing = after(LATE, found=OPENED)
    stays = after(replace(MERGE, against=""), found=accusing)
    assert not stays.stands_inside and stays.incident is not None
    assert (stays.incident.id, stays.incident.known.state) == (ID, "MERGED")
    back = after(PART, found=stays)
    assert back.state is not stays.state, "it goes on with its own incident"
    both = after(replace(MERGE, against="roads"), found=accusing)
    assert both.stands_inside, "the other one accuses the same unit"


def test_one_whose_own_desk_is_accused_by_the_other_matter_waits_to_be_parted() -> None:
    assert decide(MERGED, FollowAccusation(OTHER, MERGED.unit)) == []
    for heard_of in (OTHER, ID):
        assert after(FollowAccusation(heard_of, "roads"), found=MERGED).against == "roads"

"""Corrections 更正: what the desk amends, what the caller keeps, what the incident hears."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.words.correction import Corrected
from backbone.words.followed import Followed
from backbone.words.followed import FollowIncident as Step
from backbone.words.place import Place, place_with
from services.alarm.receipt.amending import AmendReceipt, CallerChange
from services.alarm.receipt.classifying import ClassifyReceipt
from services.alarm.receipt.correcting import correction_of
from services.alarm.receipt.dispatch import DispatchNow, as_recorded, order_of
from services.alarm.receipt.ending import matter_of
from services.alarm.receipt.intake import ConfirmClass
from services.alarm.receipt.linking import FollowIncident, LinkRepeat
from services.alarm.receipt.record import Caller, Receipt, State
from tests.desks import EAST_GRID, HERE, TAKER, a_report
from tests.unit.alarm.receipts import (
    ANSWERED,
    CODE,
    LINK,
    LINKED,
    OPEN,
    OTHER,
    RECEIVED,
    UNLINK,
    after,
    decide,
    evolve,
    refusal_of,
)

OPENED = after(OPEN, found=RECEIVED)
THERE = Place("长风路112号", HERE, EAST_GRID)
WHOLE = Caller(
    number="v1.n", name="v1.w", subscriber="v1.s", protected=True, number_index="index of n"
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            CallerChange(number="v1.m", number_index="index of m"),
            replace(WHOLE, number="v1.m", number_index="index of m"),
        ),
        (CallerChange(name="v1.x"), replace(WHOLE, name="v1.x")),
        (CallerChange(name=""), replace(WHOLE, name="")),
        (CallerChange(protected=False), replace(WHOLE, protected=False)),
        (CallerChange(protected=True), WHOLE),
    ],
)
def test_a_part_of_the_caller_is_amended_and_the_rest_stays(
    change: CallerChange, expected: Caller
) -> None:
    """Protection is taken away by saying so, never by leaving it out."""
    found = after(a_report(caller=WHOLE))
    assert after(AmendReceipt(by=TAKER, caller=change), found=found).report.caller == expected


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (AmendReceipt(by=TAKER, place=THERE), ["place"]),
        (AmendReceipt(by=TAKER, narrative="三车相撞", danger="汽油"), ["narrative", "danger"]),
        (ClassifyReceipt(TAKER, "theft", "P1"), ["category", "priority"]),
        (ClassifyReceipt(TAKER, "", "P1"), ["priority"]),
    ],
)
@pytest.mark.parametrize("found", [OPENED, LINKED], ids=["opened", "linked"])
def test_the_incident_hears_of_corrected_facts(
    found: Receipt, command: Any, names: list[str]
) -> None:
    [event] = decide(found, command)
    told = event.correction
    assert told.facts == tuple(Corrected(name, found.version + 1) for name in names)
    assert (told.receipt, told.version) == (str(found.id), found.version + 1)
    incident = found.incident
    assert incident is not None
    assert (told.matter.id, told.matter.code) == (incident.id, incident.code)
    assert told.linked is (found is LINKED)
    after_it = evolve(found, event)
    assert correction_of(after_it, TAKER) == told


def test_a_later_correction_includes_the_earlier_ones_with_their_versions() -> None:
    found = after(AmendReceipt(by=TAKER, place=THERE), found=OPENED)
    [event] = decide(found, AmendReceipt(by=TAKER, narrative="三车相撞"))
    version = OPENED.version + 1
    assert event.correction.facts == (
        Corrected("place", version),
        Corrected("narrative", version + 1),
    )


def test_the_title_of_the_matter_goes_with_place_and_class() -> None:
    [event] = decide(OPENED, AmendReceipt(by=TAKER, place=THERE))
    assert event.correction.matter.title == "交通事故 · 长风路112号"
    found = evolve(OPENED, event)
    [later] = decide(found, AmendReceipt(by=TAKER, danger="汽油"))
    assert later.correction.matter.title == "交通事故 · 长风路112号"


@pytest.mark.parametrize(
    "command",
    [
        AmendReceipt(by=TAKER, recording="call-1.wav"),
        AmendReceipt(by=TAKER, caller=CallerChange(name="v1.x")),
    ],
)
def test_what_is_no_fact_of_the_matter_stays_at_the_desk(command: Any) -> None:
    [event] = decide(OPENED, command)
    assert (event.correction, event.facts) == (None, None)
    assert correction_of(evolve(OPENED, event), TAKER) is None


@pytest.mark.parametrize("found", [RECEIVED, OPENED, LINKED], ids=["received", "opened", "linked"])
@pytest.mark.parametrize(
    "command",
    [
        AmendReceipt(by=TAKER, narrative=OPENED.report.narrative),
        AmendReceipt(by=TAKER, place=OPENED.report.place, danger=OPENED.report.danger),
        AmendReceipt(by=TAKER, caller=CallerChange(number=OPENED.report.caller.number)),
        AmendReceipt(by=TAKER, caller=CallerChange(protected=False)),
        ClassifyReceipt(TAKER, "traffic.accident", ""),
        ClassifyReceipt(TAKER, "traffic.accident", OPENED.classification.priority),
    ],
)
def test_what_stands_already_is_amended_without_an_event(found: Receipt, command: Any) -> None:
    assert decide(found, command) == []


def test_a_class_is_confirmed_once() -> None:
    confirmed = after(ConfirmClass(TAKER, "theft"), found=OPENED)
    assert decide(confirmed, ConfirmClass(TAKER, "theft")) == []
    assert decide(confirmed, ConfirmClass(TAKER, "traffic.accident")) != []


def test_without_an_incident_the_missions_that_were_ordered_hear_of_the_facts() -> None:
    amend = AmendReceipt(by=TAKER, place=THERE, danger="汽油")
    [event] = decide(RECEIVED, amend)
    assert (event.correction, event.facts) == (None, None)
    sent = after(DispatchNow(TAKER, "red"), found=RECEIVED)
    [event] = decide(sent, amend)
    assert event.correction is None
    facts = event.facts
    assert (facts.id, facts.place, facts.danger) == (RECEIVED.id, THERE, "汽油")


def test_what_was_corrected_for_one_incident_is_not_told_to_the_next() -> None:
    amended = after(AmendReceipt(by=TAKER, place=THERE), found=LINKED)
    another = LinkRepeat(TAKER, UUID(int=9), CODE, Followed(3, "CLAIMED", "north"))
    again = after(UNLINK, another, found=amended)
    [event] = decide(again, AmendReceipt(by=TAKER, danger="汽油"))
    assert [each.fact for each in event.correction.facts] == ["danger"]
    assert event.correction.matter.id == UUID(int=9)


def test_the_desk_says_that_a_fact_of_a_linked_receipt_holds_for_all() -> None:
    [event] = decide(LINKED, AmendReceipt(by=TAKER, place=THERE, for_incident=True))
    assert event.correction.facts == (Corrected("place", LINKED.version + 1, True),)


@pytest.mark.parametrize("state", ["CLOSED", "VOIDED"])
@pytest.mark.parametrize(
    "command", [AmendReceipt(by=TAKER, place=THERE), ClassifyReceipt(TAKER, "theft", "P1")]
)
def test_once_the_incident_is_over_it_is_refused_with_that_reason(state: str, command: Any) -> None:
    over = FollowIncident(OPENED.id, Step("IncidentClosed", 9, state=state))
    filed = after(over, found=OPENED)
    assert filed.state is State.CLOSED
    refusal = refusal_of(filed, command)
    assert (refusal.reason, refusal.facts["state"]) == ("INCIDENT_OVER", state)


def test_what_ended_without_an_incident_can_be_classified_until_it_is_filed() -> None:
    assert (
        after(ClassifyReceipt(TAKER, "theft", ""), found=ANSWERED).classification.category
        == "theft"
    )


def test_linking_and_unlinking_name_the_receipt_to_the_incident_and_no_caller() -> None:
    said = after(AmendReceipt(by=TAKER, danger="汽油"), found=RECEIVED)
    [event] = decide(said, LINK)
    link = event.caller_linked
    assert (link.incident_id, link.receipt) == (str(OTHER), str(RECEIVED.id))
    assert (link.version, link.danger) == (said.version + 1, "汽油")
    joined = evolve(said, event)
    assert joined.incident is not None
    assert joined.incident.link_version == joined.version
    [event] = decide(joined, UNLINK)
    assert event.caller_unlinked.incident_id == str(OTHER)
    assert event.caller_unlinked.version == joined.version + 1


def test_a_team_is_sent_by_the_facts_of_the_incident_and_a_repeat_by_the_same() -> None:
    """More than this receipt may have corrected them: the priority, another report, the place."""
    facts = replace(matter_of(OPENED), priority="P1", place=THERE, danger="汽油")
    command = DispatchNow(TAKER, "red", "带水带", facts)
    [event] = decide(OPENED, command)
    order = event.order
    assert (order.priority, order.place, order.danger) == ("P1", THERE, "汽油")
    assert order.narrative == f"{facts.narrative}\n带水带"
    sent = evolve(OPENED, event)
    later = replace(command, facts=replace(facts, priority="P4"))
    assert order_of(sent, as_recorded(sent, later)) == order
    alone = DispatchNow(TAKER, "blue")
    [event] = decide(sent, alone)
    assert event.order.priority == "P2"
    assert order_of(evolve(sent, event), as_recorded(evolve(sent, event), alone)) == event.order


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Place("", HERE, EAST_GRID), Place("长风路12号", HERE, EAST_GRID)),
        (Place("北门"), Place("北门", HERE, EAST_GRID)),
        (Place("北门", None, EAST_GRID[:6]), Place("北门", HERE, EAST_GRID)),
        (Place("北门", None, "990199"), Place("北门", None, "990199")),
        (Place("", None, "990199"), Place("长风路12号", None, "990199")),
        (THERE, THERE),
    ],
)
def test_a_part_of_the_place_keeps_the_others(said: Place, expected: Place) -> None:
    assert place_with(Place("长风路12号", HERE, EAST_GRID), said) == expected


def test_a_place_without_point_keeps_its_area_until_words_name_another() -> None:
    known = Place("长风路12号", None, EAST_GRID)
    assert place_with(known, Place("北门")) == Place("北门", None, EAST_GRID)
    assert place_with(known, Place("北门", None, "990199")).area == "990199"


@pytest.mark.parametrize("found", [RECEIVED, OPENED, LINKED])
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"place": Place("")}, "place"),
        ({"caller": CallerChange()}, "caller"),
        ({"narrative": ""}, "narrative"),
        ({"narrative": " \u200b\u3164", "danger": "汽油"}, "narrative"),
    ],
)
def test_what_shows_nothing_erases_nothing(found: Receipt, said: Any, field: str) -> None:
    refusal = refusal_of(found, AmendReceipt(by=TAKER, **said))
    assert (refusal.reason, refusal.facts["field"]) == ("NOTHING_TO_CHANGE", field)

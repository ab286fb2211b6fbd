"""Merging 并案 and parting 拆分: of two incidents one goes on; a second person undoes it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.correction import CallerLink
from backbone.words.errors import Refusal
from services.workflow.incident import INCIDENTS, waits_for
from services.workflow.incident.callers import LinkCaller, UnlinkCaller
from services.workflow.incident.closing import VoidIncident, VoidReason
from services.workflow.incident.merging import MergeIncident, UndoMerge, into_of
from services.workflow.incident.record import Incident, State
from services.workflow.incident.reinstating import UndoVoid
from services.workflow.incident.table import held_by
from services.workflow.incident.world import World
from tests.incidents import (
    CITY,
    CLAIMED,
    DESK,
    LEADER,
    LI,
    NOW,
    OFFERED,
    SECOND,
    after,
    changed,
    folded,
    who_has,
)
from tests.life_cycles import Legal, UseCase
from tests.unit.workflow.accusations import VERIFIERS

OTHER_ID = UUID(int=8)
OTHER = changed(
    replace(OFFERED, matter=replace(OFFERED.matter, id=OTHER_ID, code="990101260101-000002-8")),
    id=OTHER_ID,
)
MERGE = MergeIncident(DESK, OTHER_ID, "同一起事故")
UNDO = UndoMerge(LEADER, "两起不同的事故")


class Beside:
    """Other incidents are locked beside the one that is decided about."""

    def __init__(self, *others: Incident) -> None:
        self._others = others or (OTHER,)

    def one(self, key: UUID) -> Any | None:
        return next((each for each in self._others if each.id == key), None)

    def members(self, key: UUID) -> Collection[UUID]:
        return frozenset(each.id for each in self._others if held_by(each) == key)


def decide(incident: Incident, command: Any, other: Incident = OTHER) -> list[Any]:
    return INCIDENTS.decide(incident, command, NOW, World(CITY, Beside(other)))


def lived(incident: Incident, *commands: Any, other: Incident = OTHER) -> Incident:
    for command in commands:
        found = folded(decide(incident, command, other), incident)
        assert found is not None
        incident = found
    return incident


def refusal_of(incident: Incident, command: Any, other: Incident = OTHER) -> str:
    try:
        decide(incident, command, other)
    except Refusal as refusal:
        return refusal.reason
    return ""


def legal(holder: Actor, **others: Any) -> tuple[Legal, ...]:
    if holder.unit == "discipline":
        # Dispatchers merge, and see no petition that accuses a unit.
        apart = dict.fromkeys([*State], "ROLE_MAY_NOT")
        return (
            Legal(MergeIncident(VERIFIERS[0], OTHER_ID, "x"), but=apart),
            Legal(UndoMerge(replace(VERIFIERS[1], role="leader"), "x")),
        )
    return (Legal(MERGE), Legal(UNDO))


def test_a_merged_incident_waits_for_no_unit_and_says_into_which_it_went_and_by_whom() -> None:
    [event] = decide(CLAIMED, MERGE)
    assert (event.into, event.into_code, event.known.unit) == (OTHER_ID, OTHER.matter.code, "north")
    assert event.known.version == OTHER.version
    merged = lived(CLAIMED, MERGE)
    assert merged.state == "MERGED" and merged.over
    assert (merged.ending.merged_into, merged.ending.merged_by) == (str(OTHER_ID), DESK.user)
    assert not waits_for(merged)
    assert not [clock for clock in merged.clocks if clock.lapse_time is None]


@pytest.mark.parametrize(
    ("there", "word", "raised"),
    [("P3", False, "P1"), ("", False, "P1"), ("P3", True, ""), ("P1", False, "")],
)
def test_the_more_urgent_priority_holds_unless_a_person_says_otherwise(
    there: str, word: bool, raised: str
) -> None:
    """Else the teams of a P1 would go on as those of a P3, and no one had decided that."""
    urgent = changed(OFFERED, priority="P1")
    other = replace(OTHER, matter=replace(OTHER.matter, priority=there))
    [event] = decide(urgent, replace(MERGE, confirm_priority=word), other)
    assert event.priority == raised
    link = CallerLink(str(OTHER_ID), str(UUID(int=1)), "x", 3, "", "zhou", "command")
    joined = lived(other, LinkCaller(DESK, replace(link, merged="x", priority=event.priority)))
    assert joined.matter.priority == ("P1" if raised else there)


def test_it_goes_on_in_the_pool_of_its_unit_when_a_second_person_undoes_it() -> None:
    merged = lived(CLAIMED, MERGE)
    assert refusal_of(merged, UndoMerge(DESK, "x")) == "ANOTHER_PERSON_NEEDED"
    assert refusal_of(merged, replace(UNDO, reason=" ")) == "REASON_MISSING"
    assert refusal_of(merged, UndoMerge(LI, "x")) == "ROLE_MAY_NOT"
    [event] = decide(merged, UNDO)
    assert event.parted_from == str(OTHER_ID)
    again = lived(merged, UNDO)
    assert who_has(again) == ("OFFERED", "north", "north", "")
    assert again.ending == CLAIMED.ending


def test_of_two_opposite_merges_the_second_is_refused() -> None:
    gone = lived(CLAIMED, MERGE)
    opposite = MergeIncident(DESK, CLAIMED.id, "同一起事故")
    assert refusal_of(OTHER, opposite, other=gone) == "INCIDENT_MERGED"
    assert refusal_of(OTHER, opposite, other=CLAIMED) == ""


def test_of_a_chain_of_merges_the_second_is_refused_also_before_any_receipt_has_moved() -> None:
    """The receipts follow by Kafka: until then the group alone knows what was merged."""
    gone = lived(CLAIMED, MERGE)
    assert OTHER.id in into_of(replace(MERGE, incident_id=OTHER.id))
    third = replace(CLAIMED, id=UUID(int=9))
    further = MergeIncident(DESK, third.id, "同一起事故", incident_id=OTHER.id)
    for merged, reason in ((gone, "HOLDS_MERGED"), (lived(gone, UNDO), "")):
        beside = World(CITY, Beside(third, merged))
        try:
            INCIDENTS.decide(OTHER, further, NOW, beside)
            found = ""
        except Refusal as refusal:
            found = refusal.reason
            facts = refusal.facts
        assert found == reason
    assert facts == {"incident": OTHER.matter.code}, "no id of the database"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (changed(OTHER, source="DISPUTE"), "NOT_TO_BE_MERGED"),
        (changed(OTHER, source="PETITION"), "UNKNOWN_INCIDENT"),
        (changed(OTHER, against="south"), "ACCUSATION_APART"),
        (after(VoidIncident(DESK, "HOAX"), found=OTHER), "INCIDENT_OVER"),
        (replace(OTHER, id=UUID(int=9)), "UNKNOWN_INCIDENT"),
    ],
    ids=["a dispute", "a petition", "an accusation", "void", "unknown"],
)
def test_what_it_cannot_go_into(other: Incident, reason: str) -> None:
    by = DESK if reason != "ACCUSATION_APART" else replace(DESK, unit="command")
    assert refusal_of(CLAIMED, replace(MERGE, by=by), other=other) == reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (replace(MERGE, by=SECOND), "ROLE_MAY_NOT"),
        (replace(MERGE, reason=" "), "REASON_MISSING"),
        (replace(MERGE, into=CLAIMED.id), "SAME_INCIDENT"),
    ],
)
def test_what_a_merge_needs(command: MergeIncident, reason: str) -> None:
    assert refusal_of(CLAIMED, command) == reason


def test_the_other_one_tells_with_its_receipts_what_was_merged_into_it_and_cannot_go_on() -> None:
    """Else a chain of merges would have to be undone in one order alone."""
    link = CallerLink(
        incident_id=str(OTHER_ID),
        receipt=str(CLAIMED.id),
        code=CLAIMED.matter.code,
        version=9,
        danger="",
        user="zhao",
        unit="command",
        narrative="两车相撞",
        merged=CLAIMED.matter.code,
    )
    by = Actor("zhao", "command", "service")
    [linked, *_] = decide(OTHER, LinkCaller(by, link))
    assert linked.merged == CLAIMED.matter.code
    holds = lived(OTHER, LinkCaller(by, link))
    assert "两车相撞" in holds.matter.narrative
    further = MergeIncident(DESK, CLAIMED.id, "x")
    assert refusal_of(holds, further, other=CLAIMED) == "HOLDS_MERGED"
    parted = lived(holds, UnlinkCaller(by, replace(link, version=10, merged="")))
    assert refusal_of(parted, further, other=CLAIMED) == ""
    assert parted.matter.narrative == OTHER.matter.narrative


@pytest.mark.parametrize(
    ("ends", "goes_on"),
    [
        (MERGE, UNDO),
        (VoidIncident(DESK, VoidReason.DUPLICATE), UndoVoid(LEADER, "误作废")),
    ],
)
def test_it_goes_on_with_the_reports_that_it_has_by_then(ends: Any, goes_on: Any) -> None:
    """A repeat that has left it meanwhile does not come back, and one that has crossed its end is
    not lost."""
    by = Actor("zhao", "command", "service")
    parts = {"user": "zhao", "unit": "command", "narrative": "有人落水"}
    link = CallerLink(
        str(CLAIMED.id), str(UUID(int=9)), "990101260101-000009-0", 2, "汽油", **parts
    )
    told = lived(CLAIMED, LinkCaller(by, link))
    assert told.matter.danger == "汽油"
    left = lived(told, ends, UnlinkCaller(by, replace(link, version=5)), goes_on)
    assert (left.matter.danger, left.matter.narrative) == ("", CLAIMED.matter.narrative)
    joined = lived(CLAIMED, ends, LinkCaller(by, link), goes_on)
    assert joined.matter.danger == "汽油" and "有人落水" in joined.matter.narrative
    assert joined.state == left.state == State.OFFERED
    [corrected, _] = decide(lived(CLAIMED, ends, LinkCaller(by, link)), goes_on)
    assert [each.version for each in corrected.heard_reports if each.linked] == [0, 0]


USE_CASE = UseCase(
    verbs=frozenset({"MergeIncident", "UndoMerge"}),
    legal=legal,
    rights={
        "an incident": """\
MergeIncident in TRIAGE, OFFERED, CLAIMED, HANDLING
  holder: dispatcher
  colleague of the holder: dispatcher
  desk: dispatcher
  colleague at the desk: dispatcher
  unit above: dispatcher
  neighbour: dispatcher
UndoMerge in MERGED
  holder: dispatcher, duty_officer, leader
  colleague of the holder: dispatcher, duty_officer, leader
  colleague at the desk: dispatcher, duty_officer, leader
  unit above: dispatcher, leader
  neighbour: dispatcher, leader
""",
        "an incident that accuses the unit of its own place": "MergeIncident in \nUndoMerge in \n",
    },
)

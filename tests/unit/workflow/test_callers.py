"""Further callers: a link and its end stand on the incident, once, in the order of the receipt."""

from typing import Any

from msgspec.structs import replace

from backbone.words.actor import SERVICE, Actor
from backbone.words.correction import CallerLink
from services.workflow.incident.amending import IncidentAmended
from services.workflow.incident.callers import (
    CallerLinked,
    CallerUnlinked,
    LinkCaller,
    UnlinkCaller,
)
from services.workflow.incident.record import Incident
from tests.incidents import ID, OFFERED, RESOLVED, after, changed, decide, folded
from tests.life_cycles import Legal, UseCase
from tests.unit.workflow.test_amending import KNIFE, SECOND_REPORT, linked

OTHER_DESK = Actor("jin", "south", SERVICE)


def a_link(version: int, danger: str = "") -> CallerLink:
    code = "990101260101-000009-0"
    return CallerLink(str(ID), SECOND_REPORT, code, version, danger, "jin", "south")


def link(version: int, danger: str = "") -> LinkCaller:
    return LinkCaller(OTHER_DESK, a_link(version, danger))


def unlink(version: int) -> UnlinkCaller:
    return UnlinkCaller(OTHER_DESK, a_link(version))


def legal(**others: Any) -> tuple[Legal, ...]:
    return Legal(link(3)), Legal(unlink(4))


def kinds(found: Incident, command: Any) -> list[type[Any]]:
    return [type(event) for event in decide(found, command)]


def test_a_link_is_recorded_once_and_changes_no_fact() -> None:
    assert kinds(OFFERED, link(3)) == [CallerLinked]
    found = after(link(3), found=OFFERED)
    assert found.matter == OFFERED.matter
    assert decide(found, link(3)) == []
    assert kinds(found, unlink(4)) == [CallerUnlinked]


def test_a_link_that_comes_after_its_end_is_nothing_new() -> None:
    found = after(unlink(4), found=OFFERED)
    assert decide(found, link(3)) == []
    assert kinds(found, link(5)) == [CallerLinked]


def test_the_danger_of_a_linked_report_is_a_fact_until_it_is_unlinked() -> None:
    [_, amended] = decide(OFFERED, link(3, KNIFE))
    assert (amended.changed, amended.receipt) == (("danger",), SECOND_REPORT)
    found = after(link(3, KNIFE), found=OFFERED)
    assert found.matter.danger == KNIFE
    assert kinds(found, unlink(4)) == [CallerUnlinked, IncidentAmended]
    assert after(unlink(4), found=found).matter == OFFERED.matter


def test_what_a_report_told_beside_the_facts_goes_with_it() -> None:
    told = after(link(3), linked(5, narrative="smoke"), found=OFFERED)
    assert "smoke" in told.matter.narrative
    assert after(unlink(6), found=told).matter == OFFERED.matter


def test_a_correction_that_overtakes_its_link_is_kept() -> None:
    ordered = after(link(3, "gas"), linked(5, danger=KNIFE), found=OFFERED)
    swapped = after(linked(5, danger=KNIFE), link(3, "gas"), found=OFFERED)
    assert ordered.matter == swapped.matter
    assert swapped.matter.danger == KNIFE


def test_a_correction_that_comes_after_the_unlink_is_of_another_matter() -> None:
    left = after(link(3), unlink(6), found=OFFERED)
    assert decide(left, linked(5, narrative="smoke")) == []


def test_a_link_to_what_is_over_is_recorded_and_changes_no_fact() -> None:
    over = changed(RESOLVED, state="CLOSED")
    [event] = decide(over, link(3, KNIFE))
    found = folded([event], over)
    assert found is not None
    assert (found.state, found.matter) == ("CLOSED", over.matter)


USE_CASE = UseCase(
    verbs=frozenset({"LinkCaller", "UnlinkCaller"}),
    legal=legal,
    rights={
        "an incident": """\
LinkCaller in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, CLOSED, VOIDED, MERGED
  holder: every role in sight
  colleague of the holder: every role in sight
  unit that was asked: every role in sight
  desk: every role in sight
  colleague at the desk: every role in sight
  unit above: every role in sight
  neighbour: every role in sight
UnlinkCaller in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, CLOSED, VOIDED, MERGED
  holder: every role in sight
  colleague of the holder: every role in sight
  unit that was asked: every role in sight
  desk: every role in sight
  colleague at the desk: every role in sight
  unit above: every role in sight
  neighbour: every role in sight
""",
        "an incident that accuses the unit of its own place": """\
LinkCaller in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, CLOSED, VOIDED
  holder: every role in sight
  colleague of the holder: every role in sight
  unit that was asked: every role in sight
  desk: every role in sight
  unit below the accused: every role in sight
  dispatchers of the area: every role in sight
  unit above: every role in sight
  without a unit: every role in sight
UnlinkCaller in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, CLOSED, VOIDED
  holder: every role in sight
  colleague of the holder: every role in sight
  unit that was asked: every role in sight
  desk: every role in sight
  unit below the accused: every role in sight
  dispatchers of the area: every role in sight
  unit above: every role in sight
  without a unit: every role in sight
""",
    },
)


def test_what_a_linked_report_tells_stands_beside_the_narrative() -> None:
    said = replace(a_link(3, "煤气罐"), narrative="楼上还有两个人", place="长风路北门")
    found = after(LinkCaller(OTHER_DESK, said), found=OFFERED)
    line = f"【关联接警单 {said.code}】地点：长风路北门；楼上还有两个人"
    assert found.matter.narrative.splitlines()[-1] == line
    assert "煤气罐" in found.matter.danger
    again = replace(said, version=5, narrative="更早的话", place="")
    assert after(unlink(4), found=found).matter.narrative == OFFERED.matter.narrative
    assert "更早的话" in after(LinkCaller(OTHER_DESK, again), found=found).matter.narrative


def test_texts_are_searched_for_a_linked_caller_from_the_link_on() -> None:
    """By the sealed name; with a danger too, whose correction comes after the link."""
    for danger in ("", KNIFE):
        said = LinkCaller(OTHER_DESK, replace(a_link(3, danger), persons=("sealed",)))
        found = after(said, found=OFFERED)
        assert found.matter.persons == (*OFFERED.matter.persons, "sealed")
        assert after(unlink(4), found=found).matter.persons == found.matter.persons


def test_a_corrected_name_of_the_caller_is_known_and_is_no_fact() -> None:
    amended = linked(5, persons=("sealed anew",))
    found = after(link(3), amended, found=OFFERED)
    assert "sealed anew" in found.matter.persons
    assert found.matter.narrative == OFFERED.matter.narrative

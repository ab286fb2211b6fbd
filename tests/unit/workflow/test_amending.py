"""Corrections 更正: the facts, the unit that the policy names since, the clock of the priority."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from backbone.words.actor import SERVICE, Actor
from backbone.words.correction import Corrected, Correction
from backbone.words.place import Place, Point
from services.workflow.incident.amending import AmendMatter, SetPriority
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.closing import VoidIncident
from services.workflow.incident.handing_off import AcceptHandOff, HandOffIncident
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.merging import UndoMerge
from services.workflow.incident.record import Incident, State
from services.workflow.incident.reinstating import UndoVoid
from services.workflow.incident.returning import AcceptReturn
from services.workflow.incident.routing import DesignateUnit
from tests.cities import COUNTY, NORTH, SOUTH
from tests.incidents import (
    ASKED,
    CHEN,
    CLAIMED,
    DESK,
    HEAD,
    ID,
    LI,
    NOW,
    OFFERED,
    RESOLVED,
    SECOND,
    TRIAGE,
    WANG,
    a_matter,
    after,
    changed,
    decide,
    evolve,
    folded,
    refusal_of,
    who_has,
)
from tests.life_cycles import Legal, UseCase
from tests.unit.workflow.accusations import VERIFIERS
from tests.unit.workflow.test_merging import MERGE, lived

FIRST, SECOND_REPORT = str(ID), "00000000-0000-0000-0000-000000000009"
CLERK_OF_DESK = Actor("zhou", "command", SERVICE)
THERE = Place("bridge", Point(0.2, 0.3), SOUTH)
KNIFE = "a man with a knife"


def a_correction(
    version: int, *names: str, receipt: str = FIRST, for_incident: bool = False, **facts: Any
) -> AmendMatter:
    """What a receipt says: the given facts are corrected by this version, the rest is unchanged."""
    matter = replace(a_matter(), **facts)
    made = tuple(Corrected(name, version, for_incident) for name in (names or facts))
    code = matter.code if receipt == FIRST else "990101260101-000009-0"
    linked = receipt != FIRST
    return AmendMatter(
        CLERK_OF_DESK,
        Correction(matter, made, receipt, code, version, linked, "zhou", "command"),
    )


def linked(version: int, **said: Any) -> AmendMatter:
    return a_correction(version, receipt=SECOND_REPORT, **said)


def legal(holder: Actor, **others: Any) -> tuple[Legal, ...]:
    by = VERIFIERS[0] if holder.unit == "discipline" else DESK
    return (
        # Once it is closed it may only begin to accuse a unit.
        Legal(a_correction(5, narrative="two bicycles"), but={State.CLOSED: "INCIDENT_OVER"}),
        Legal(SetPriority(by, "P1", "it is worse")),
    )


@pytest.mark.parametrize("found", [OFFERED, CLAIMED, RESOLVED], ids=lambda each: each.state)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("place", THERE),
        ("narrative", "two bicycles"),
        ("category", "unheard"),
        ("priority", "P1"),
        ("danger", KNIFE),
    ],
)
def test_a_correction_of_the_first_receipt_is_a_new_fact(
    found: Incident, name: str, value: Any
) -> None:
    [event] = decide(found, a_correction(4, **{name: value}))
    assert (event.changed, event.receipt) == ((name,), FIRST)
    assert getattr(event.matter, name) == value
    after_it = evolve(found, event)
    assert after_it.matter == event.matter
    assert who_has(after_it) == who_has(found)


def test_the_title_goes_with_class_and_place() -> None:
    titled = a_correction(4, "place", place=THERE, title="theft · bridge")
    assert after(titled, found=OFFERED).matter.title == "theft · bridge"


def test_a_late_correction_is_part_of_the_later_one_and_changes_nothing() -> None:
    """The later one tells all that was corrected since the receipt joined the incident."""
    early = a_correction(4, place=THERE)
    late = replace(
        a_correction(5, narrative="two", place=THERE),
        correction=replace(
            a_correction(5, narrative="two", place=THERE).correction,
            facts=(Corrected("place", 4), Corrected("narrative", 5)),
        ),
    )
    found = after(late, found=OFFERED)
    assert (found.matter.place, found.matter.narrative) == (THERE, "two")
    assert decide(found, early) == []
    assert after(early, late, found=OFFERED).matter == found.matter


def test_what_was_set_on_the_incident_is_not_undone_by_another_fact_of_the_receipt() -> None:
    early, urgent = a_correction(4, priority="P3"), SetPriority(DESK, "P1", "it is worse")
    more = a_correction(6, narrative="two", priority="P3")
    facts = (Corrected("priority", 4), Corrected("narrative", 6))
    more = replace(more, correction=replace(more.correction, facts=facts))
    found = after(early, urgent, more, found=OFFERED)
    assert (found.matter.priority, found.matter.narrative) == ("P1", "two")


@pytest.mark.parametrize("state", ["CLOSED", "VOIDED", "MERGED"])
def test_after_the_end_nothing_is_corrected(state: str) -> None:
    over = changed(RESOLVED, state=state)
    if state == "CLOSED":
        assert refusal_of(over, a_correction(4, danger=KNIFE)) == "INCIDENT_OVER"
    assert refusal_of(over, SetPriority(DESK, "P1", "x")) == "INCIDENT_OVER"


@pytest.mark.parametrize(
    ("end", "undo"),
    [
        (VoidIncident(DESK, "HOAX"), UndoVoid(replace(DESK, user="qian"), "真的")),
        (MERGE, UndoMerge(replace(DESK, user="qian"), "两起")),
    ],
    ids=["void", "merge"],
)
@pytest.mark.parametrize("by", [FIRST, SECOND_REPORT], ids=["own", "linked"])
def test_what_crosses_an_end_that_is_undone_is_not_lost(end: Any, undo: Any, by: str) -> None:
    """The receipt was committed, and says it once: without it the team would hear no danger."""
    found = OFFERED if by == FIRST else lived(OFFERED, linked(7, danger=""))
    late = a_correction(8, receipt=by, danger=KNIFE, place=THERE)
    ended = lived(found, end)
    told = lived(ended, late)
    assert (told.state, told.charge) == (ended.state, ended.charge), "it moves nothing"
    assert lived(told, late) == told
    again = lived(told, undo).matter
    assert again.danger == KNIFE
    assert again.place == (THERE if by == FIRST else OFFERED.matter.place)


def test_a_linked_report_is_told_beside_and_moves_no_place() -> None:
    second = linked(7, place=THERE, narrative="smoke", category="theft")
    found = after(second, found=OFFERED).matter
    assert (found.place, found.category) == (OFFERED.matter.place, "theft")
    assert found.narrative == (
        "a bicycle\n【关联接警单 990101260101-000009-0】"
        "地点：bridge (0.2, 0.3)；警情类别：盗窃；smoke"
    )
    [event] = decide(OFFERED, second)
    assert (event.changed, event.receipt) == (("narrative",), SECOND_REPORT)


def test_a_linked_report_fills_what_is_open_and_adds_what_endangers() -> None:
    unknown = changed(OFFERED, place=Place(area=NORTH), category="", danger="gas")
    found = after(linked(7, place=THERE, category="theft", danger=KNIFE), found=unknown).matter
    assert (found.place, found.category, found.danger) == (THERE, "theft", f"gas；{KNIFE}")


def test_of_many_long_reports_the_last_ones_are_told_in_short() -> None:
    found = OFFERED
    for number in range(40):
        receipt = f"00000000-0000-0000-0000-0000000001{number:02}"
        found = after(
            a_correction(5, receipt=receipt, narrative=f"{number} {'长' * 900}"), found=found
        )
    first, *lines = found.matter.narrative.split("\n")
    assert (first, len(lines)) == ("a bicycle", 30)
    assert "】39 长" in lines[-1] and lines[-1].endswith("…")
    assert len(found.matter.narrative) < 20_000


@pytest.mark.parametrize(("said", "holds"), [("P1", "P1"), ("P4", "P2")])
def test_the_more_urgent_priority_of_two_reports_holds(said: str, holds: str) -> None:
    assert after(linked(7, priority=said), found=OFFERED).matter.priority == holds


def test_a_linked_report_replaces_the_facts_where_the_desk_says_so() -> None:
    """What it had told beside them goes."""
    beside = linked(7, place=THERE, narrative="smoke")
    whole = linked(8, place=THERE, priority="P4", for_incident=True)
    found = after(beside, whole, found=OFFERED).matter
    assert (found.place, found.priority) == (THERE, "P4")
    assert found.narrative == "a bicycle\n【关联接警单 990101260101-000009-0】smoke"


def test_another_competent_unit_is_suggested_and_nothing_moves() -> None:
    [event] = decide(CLAIMED, a_correction(4, place=THERE))
    moved = evolve(CLAIMED, event)
    assert moved.suggested is not None
    assert (moved.suggested.unit, moved.suggested.rule) == ("south", "competent")
    assert who_has(moved) == who_has(CLAIMED)
    told = after(a_correction(5, "narrative", narrative="x", place=THERE), found=moved)
    assert told.suggested == moved.suggested
    back = a_correction(6, "place")
    assert after(back, found=told).suggested is None


@pytest.mark.parametrize(
    "acts",
    [
        (DesignateUnit(DESK, "south", "theirs"),),
        (HandOffIncident(LI, "south", "theirs"), AcceptHandOff(CHEN)),
    ],
    ids=["designated", "handed off"],
)
def test_the_suggestion_is_taken_with_the_verbs_that_move(acts: tuple[Any, ...]) -> None:
    moved = after(a_correction(4, place=THERE), *acts, found=CLAIMED)
    assert (moved.charge.unit, moved.suggested) == ("south", None)


def test_in_triage_it_is_routed_anew() -> None:
    found = after(a_correction(4, category="theft"), found=after(TRIAGE))
    assert (who_has(found)[:2], found.suggested) == (("OFFERED", "north"), None)


def test_what_was_returned_goes_back_to_no_unit_by_itself() -> None:
    returned = after(AcceptReturn(DESK), found=ASKED)
    assert after(a_correction(4, narrative="x"), found=returned).state == "TRIAGE"
    raised = changed(returned, raised_to="county")
    waiting = after(a_correction(4, place=THERE), found=raised)
    assert (waiting.state, waiting.suggested is not None) == ("TRIAGE", True)


def test_a_more_urgent_priority_shortens_the_sign_in_from_the_offer_on() -> None:
    [event] = decide(OFFERED, SetPriority(SECOND, "P1", "worse"), NOW + timedelta(minutes=1))
    assert (event.minutes, event.due_time) == (5, NOW + timedelta(minutes=5))
    urgent = evolve(OFFERED, event)
    [clock] = urgent.clocks
    assert (clock.due_time, clock.rule) == (event.due_time, "sign_in_minutes.P1")
    assert clock.start_time == NOW
    lapsed = folded(decide(urgent, Lapse(), NOW + timedelta(minutes=5)), urgent)
    assert lapsed is not None and lapsed.clocks[0].lapse_time


def test_one_that_is_already_late_for_the_new_priority_lapses_at_once() -> None:
    late = NOW + timedelta(minutes=9)
    urgent = folded(decide(OFFERED, SetPriority(DESK, "P1", "x"), late), OFFERED)
    assert decide(urgent, Lapse(), late)


@pytest.mark.parametrize("found", [CLAIMED, OFFERED], ids=["held", "offered"])
def test_a_less_urgent_priority_gives_no_unit_more_time(found: Incident) -> None:
    [event] = decide(found, SetPriority(DESK, "P4", "calm"))
    assert (event.minutes, event.due_time) == (0, None)
    assert evolve(found, event).clocks == found.clocks


@pytest.mark.parametrize("by", [LI, DESK, SECOND, Actor("x", "far", "dispatcher", COUNTY)])
def test_holder_desk_and_dispatchers_set_the_priority(by: Actor) -> None:
    [event] = decide(CLAIMED, SetPriority(by, "P1", "worse"))
    assert (event.changed, event.reason, event.receipt) == (("priority",), "worse", "")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (SetPriority(WANG, "P1", "x"), "MAY_NOT_SET_PRIORITY"),
        (SetPriority(HEAD, "P1", "x"), "NO_SUCH_INCIDENT"),
        (SetPriority(LI, "P1", ""), "REASON_MISSING"),
        (SetPriority(LI, "P2", "x"), "SAME_PRIORITY"),
        (SetPriority(LI, "P9", "x"), "UNKNOWN_PRIORITY"),
    ],
)
def test_what_is_refused(command: SetPriority, reason: str) -> None:
    assert refusal_of(CLAIMED, command) == reason


def test_a_claim_and_a_correction_do_not_disturb_each_other() -> None:
    first = after(a_correction(4, place=THERE), ClaimIncident(LI), found=OFFERED)
    last = after(ClaimIncident(LI), a_correction(4, place=THERE), found=OFFERED)
    assert (first.matter, first.suggested, who_has(first)) == (
        last.matter,
        last.suggested,
        who_has(last),
    )


CORRECTIONS = st.lists(
    st.tuples(
        st.sampled_from([FIRST, SECOND_REPORT, "00000000-0000-0000-0000-000000000010"]),
        st.integers(1, 12),
        st.dictionaries(
            st.sampled_from(["narrative", "danger", "priority", "place", "category"]),
            st.integers(0, 2),
            min_size=1,
        ),
        st.booleans(),
    ),
    max_size=15,
)
SAID: dict[str, tuple[Any, ...]] = {
    "narrative": ("", "x", "y"),
    "danger": ("", "gas", KNIFE),
    "priority": ("P1", "P2", "P3"),
    "place": (THERE, Place("gate", area=NORTH), Place()),
    "category": ("theft", "", "unheard"),
}


@settings(max_examples=200, deadline=None)
@given(CORRECTIONS)
def test_the_facts_are_those_of_the_last_correction_that_was_applied(steps: list[Any]) -> None:
    """Whatever receipts correct, in any order, late or twice; a version is applied once."""
    incident, last, seen = OFFERED, OFFERED.matter, set()
    for receipt, version, picks, whole in steps:
        facts = {name: SAID[name][pick] for name, pick in picks.items()}
        command = a_correction(version, receipt=receipt, for_incident=whole, **facts)
        events = decide(incident, command)
        assert not ((receipt, version) in seen and events)
        seen.add((receipt, version))
        for event in events:
            last = getattr(event, "matter", last)
            incident = evolve(incident, event)
        assert incident.matter == replace(last, to_unit="")
        if events and (receipt == FIRST or whole):
            mine = {"place", "category", "priority"} & facts.keys()
            assert all(getattr(incident.matter, name) == facts[name] for name in mine)
        if events and receipt != FIRST and not whole:
            assert incident.matter.priority <= facts.get("priority", "P9")


USE_CASE = UseCase(
    verbs=frozenset({"AmendMatter", "SetPriority"}),
    legal=legal,
    rights={
        "an incident": """\
AmendMatter in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, VOIDED, MERGED
  holder: every role in sight
  colleague of the holder: every role in sight
  unit that was asked: every role in sight
  desk: every role in sight
  colleague at the desk: every role in sight
  unit above: every role in sight
  neighbour: every role in sight
SetPriority in TRIAGE, OFFERED, CLAIMED, HANDLING
  holder: call_taker, care_worker, centre_director, clerk, dispatcher, duty_officer,
    grid_leader, grid_member, head, mediator, receptionist
  colleague of the holder: dispatcher
  desk: call_taker, care_worker, centre_director, clerk, dispatcher, duty_officer, grid_leader,
    grid_member, head, mediator, receptionist
  colleague at the desk: call_taker, care_worker, centre_director, clerk, dispatcher,
    duty_officer, grid_leader, grid_member, head, mediator, receptionist
  unit above: dispatcher
  neighbour: dispatcher
""",
        "an incident that accuses the unit of its own place": """\
AmendMatter in TRIAGE, OFFERED, CLAIMED, HANDLING, RESOLVED, VOIDED
  holder: every role in sight
  colleague of the holder: every role in sight
  unit that was asked: every role in sight
  desk: every role in sight
  unit below the accused: every role in sight
  dispatchers of the area: every role in sight
  unit above: every role in sight
  without a unit: every role in sight
SetPriority in TRIAGE, OFFERED, CLAIMED, HANDLING
  holder: centre_director, clerk, duty_officer, head, receptionist
  desk: centre_director, clerk, duty_officer, head, receptionist
""",
    },
)

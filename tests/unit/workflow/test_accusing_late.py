"""Withdrawing 回避: what an incident does once a correction accuses a unit that knows of it."""

from typing import Any

import pytest

from services.workflow import codec
from services.workflow.incident import may_see
from services.workflow.incident.accusing import AccusedWithdrawn
from services.workflow.incident.amending import IncidentAmended, SetPriority
from services.workflow.incident.closing import CloseIncident, VoidIncident
from services.workflow.incident.record import Incident, State
from services.workflow.incident.routing import DesignateUnit
from services.workflow.incident.supervised import to_address
from services.workflow.incident.waiting import waits_for
from tests.incidents import (
    ASKED,
    CLAIMED,
    DESK,
    HANDING_OFF,
    HEAD,
    LI,
    OFFERED,
    RESOLVED,
    SECOND,
    TRIAGE,
    VERIFIED,
    after,
    changed,
    decide,
    evolve,
    refusal_of,
    who_has,
)
from tests.life_cycles import reason_of
from tests.unit.workflow.accusations import CITY
from tests.unit.workflow.test_amending import a_correction

IN_TRIAGE = after(TRIAGE)
CLOSED = after(CloseIncident(SECOND), found=VERIFIED)
VOIDED = after(VoidIncident(DESK, "HOAX"), found=OFFERED)
NORTHS = (OFFERED, CLAIMED, ASKED, HANDING_OFF, RESOLVED)


@pytest.mark.parametrize("found", NORTHS, ids=lambda each: each.state)
@pytest.mark.parametrize("against", ["north", "county"])
def test_the_accused_and_all_below_lose_it_to_the_desk(found: Incident, against: str) -> None:
    amended, left = decide(found, a_correction(4, against=against))
    assert isinstance(amended, IncidentAmended) and amended.changed == ("against",)
    assert left == AccusedWithdrawn(amended.time, "north", "command")
    after_it = evolve(evolve(found, amended), left)
    assert who_has(after_it) == (State.TRIAGE, "", "command", "")
    assert "north" not in after_it.readers
    assert not after_it.questions
    assert not after_it.clocks
    assert waits_for(after_it) == ("command",)
    assert codec.scope(after_it).accused == against
    assert reason_of(lambda: may_see(after_it, a_command_of(LI))) == "NO_SUCH_INCIDENT"
    assert (
        after(DesignateUnit(DESK, "discipline", "回避"), found=after_it, city=CITY).charge.unit
        == "discipline"
    )
    assert refusal_of(after_it, DesignateUnit(DESK, "north", "again")) == "ACCUSED_UNIT"


def a_command_of(actor: Any) -> Any:
    return SetPriority(actor, "P1", "")


def test_a_unit_that_has_nothing_to_do_with_it_keeps_it() -> None:
    [amended] = decide(CLAIMED, a_correction(4, against="south"))
    after_it = evolve(CLAIMED, amended)
    assert who_has(after_it) == who_has(CLAIMED)
    assert after_it.clocks == CLAIMED.clocks
    assert after_it.watched_area == ""


def test_a_question_to_the_accused_is_asked_no_more_and_its_clock_is_silent() -> None:
    [amended] = decide(HANDING_OFF, a_correction(4, against="south"))
    after_it = evolve(HANDING_OFF, amended)
    assert who_has(after_it) == who_has(HANDING_OFF)
    assert not after_it.questions
    assert [each.kind for each in after_it.clocks if "ANSWER" in each.kind] == []
    assert "south" not in after_it.readers


def test_what_comes_later_brings_the_accused_no_sight_again() -> None:
    accused = after(a_correction(4, against="county"), found=CLAIMED)
    later = after(SetPriority(DESK, "P1", "worse"), found=accused)
    assert later.barred == accused.barred
    assert {*later.barred} == {"county", "north", "roads", "south"}, "those to come as well"
    assert (
        "north"
        not in after(DesignateUnit(DESK, "discipline", "回避"), found=later, city=CITY).readers
    )
    assert to_address(later) is None


def test_in_triage_it_stays_with_the_desk_even_if_that_is_accused() -> None:
    [amended, *_] = decide(IN_TRIAGE, a_correction(4, against="command"))
    after_it = evolve(IN_TRIAGE, amended)
    assert after_it.readers == ("command",)
    assert who_has(after_it)[2] == "command"


def test_a_linked_report_accuses_no_other_unit_than_the_incident() -> None:
    """It is refused aloud: an accusation that was dropped without a word would look recorded."""
    said = a_correction(4, receipt="00000000-0000-0000-0000-000000000009", against="north")
    assert refusal_of(changed(CLAIMED, reports=()), said) == "ACCUSATION_APART"
    accused = after(a_correction(4, against="north"), found=CLAIMED)
    assert after(said, found=accused).matter.against == "north"


def test_its_head_hears_nothing_of_it() -> None:
    accused = after(a_correction(4, against="county"), found=CLAIMED)
    assert reason_of(lambda: may_see(accused, a_command_of(HEAD))) == "NO_SUCH_INCIDENT"


@pytest.mark.parametrize("found", [CLOSED, VOIDED], ids=lambda each: each.state)
@pytest.mark.parametrize("against", ["north", "county"])
def test_after_its_end_it_is_hidden_and_moved_nowhere(found: Incident, against: str) -> None:
    [amended] = decide(found, a_correction(4, against=against))
    assert isinstance(amended, IncidentAmended)
    assert (amended.changed, amended.handling, amended.due_time) == (("against",), (), None)
    hidden = evolve(found, amended)
    assert who_has(hidden) == who_has(found)
    assert (hidden.clocks, hidden.ending) == (found.clocks, found.ending)
    assert "north" not in hidden.readers and hidden.watched_area == ""
    assert codec.scope(hidden).accused == against
    assert reason_of(lambda: may_see(hidden, a_command_of(LI))) == "NO_SUCH_INCIDENT"
    assert decide(hidden, a_correction(4, against=against)) == []


def test_after_its_end_no_other_fact_is_corrected_and_no_second_unit_accused() -> None:
    assert refusal_of(CLOSED, a_correction(4, narrative="two bicycles")) == "INCIDENT_OVER"
    assert refusal_of(CLOSED, a_correction(4, against="")) == "INCIDENT_OVER"
    linked = a_correction(4, receipt="00000000-0000-0000-0000-000000000009", against="north")
    assert refusal_of(CLOSED, linked) == "INCIDENT_OVER"
    accused = after(a_correction(4, against="north"), found=CLOSED)
    assert refusal_of(accused, a_correction(5, against="south")) == "INCIDENT_OVER"
    both = a_correction(4, "against", "narrative", against="north", narrative="two bicycles")
    assert after(both, found=CLOSED).matter.narrative == CLOSED.matter.narrative

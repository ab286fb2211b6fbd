"""Escalating 提级: the superior is asked to take it; the giver answers for it until a claim."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backbone.words.actor import Actor
from services.workflow.incident import waits_for
from services.workflow.incident.assigning import AssignIncident
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.closing import VoidIncident
from services.workflow.incident.escalating import EscalateIncident
from services.workflow.incident.kinds import ESCALATION_ANSWER, SIGN_IN
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.record import HELD
from services.workflow.incident.returning import AcceptReturn, RequestReturn
from services.workflow.incident.routing import DesignateUnit
from tests.cities import NORTH
from tests.incidents import (
    CITY,
    CLAIMED,
    DESK,
    HANDING_OFF,
    HEAD,
    LEADER,
    LI,
    NOW,
    OFFERED,
    WANG,
    after,
    changed,
    decide,
    evolve,
    folded,
    refusal_of,
    who_has,
)
from tests.life_cycles import Legal, UseCase

CHIEF = Actor("zhu", "north", "head", NORTH)
GIVE_UP = EscalateIncident(LI, "needs three departments")
ESCALATED = after(GIVE_UP, found=CLAIMED)
ANSWER_DUE = NOW + timedelta(minutes=120)


def legal(holder: Actor, **others: Any) -> tuple[Legal, ...]:
    """The discipline office of the accusation has no superior in the tests' city."""
    alone = dict.fromkeys(HELD, "NO_SUPERIOR") if holder.unit == "discipline" else {}
    return (Legal(EscalateIncident(holder, "too much for us"), but=alone),)


USE_CASE = UseCase(
    verbs=frozenset({"EscalateIncident"}),
    legal=legal,
    rights={
        "an incident": """EscalateIncident in CLAIMED, HANDLING
  holder: care_worker, centre_director, clerk, duty_officer, grid_leader, grid_member, head,
    mediator, receptionist
  colleague of the holder: head
""",
        "an incident that accuses the unit of its own place": "EscalateIncident in \n",
    },
)


def test_the_superior_is_offered_it_and_the_giver_answers_for_it_until_it_claims() -> None:
    assert who_has(ESCALATED) == ("OFFERED", "county", "north", "")
    assert waits_for(ESCALATED) == ("county",)
    claimed = after(ClaimIncident(HEAD), found=ESCALATED)
    assert who_has(claimed) == ("CLAIMED", "county", "county", "sun")


def test_the_superior_may_return_it_to_the_giver() -> None:
    returned = after(RequestReturn(HEAD, "yours"), AcceptReturn(LI), found=ESCALATED)
    assert (returned.state, returned.charge.accountable_unit) == ("TRIAGE", "north")


def test_the_head_escalates_what_another_person_holds() -> None:
    assert who_has(after(EscalateIncident(CHIEF, "mine now"), found=CLAIMED))[1] == "county"
    assert refusal_of(CLAIMED, EscalateIncident(WANG, "x")) == "NOT_THE_HOLDER"


def test_it_is_held_unasked_and_has_a_reason_and_a_superior() -> None:
    assert refusal_of(OFFERED, EscalateIncident(CHIEF, "x")) == "INVALID_TRANSITION"
    assert refusal_of(HANDING_OFF, GIVE_UP) == "ANSWER_PENDING"
    assert refusal_of(CLAIMED, EscalateIncident(LI, " ")) == "REASON_MISSING"
    highest = after(ClaimIncident(HEAD), found=ESCALATED)
    assert refusal_of(highest, EscalateIncident(HEAD, "x")) == "NO_SUPERIOR"


def test_an_accused_superior_is_not_offered_it() -> None:
    assert refusal_of(changed(CLAIMED, against="county"), GIVE_UP) == "ACCUSED_UNIT"


def test_it_is_a_question_beside_the_offer() -> None:
    [asked] = ESCALATED.questions
    assert (asked.kind, asked.from_unit, asked.to_unit) == ("ESCALATION", "north", "county")
    assert {each.kind for each in ESCALATED.clocks} == {SIGN_IN, ESCALATION_ANSWER}


@pytest.mark.parametrize(
    "answer",
    [
        ClaimIncident(HEAD),
        RequestReturn(HEAD, "yours"),
        AssignIncident(LEADER, "north", "go on"),
        DesignateUnit(DESK, "south", "theirs"),
        VoidIncident(DESK, "HOAX"),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_an_answer_ends_the_question_and_its_clock(answer: Any) -> None:
    answered = after(answer, found=ESCALATED)
    assert "ESCALATION" not in [each.kind for each in answered.questions]
    assert ESCALATION_ANSWER not in [each.kind for each in answered.clocks]


def test_silence_raises_it_to_the_next_superior_which_designates() -> None:
    below = replace(CITY.units["county"], parent="prefecture")
    above = replace(CITY.units["county"], code="prefecture")
    city = replace(CITY, units={**CITY.units, "county": below, "prefecture": above})
    late = evolve(ESCALATED, decide(ESCALATED, Lapse(), NOW + timedelta(minutes=15))[0])
    assert refusal_of(late, Lapse(), ANSWER_DUE - timedelta(seconds=1)) == "NOT_DUE"
    [lapsed] = decide(late, Lapse(), ANSWER_DUE, city)
    assert type(lapsed).__name__ == "EscalationLapsed"
    raised = evolve(late, lapsed)
    assert waits_for(raised) == ("county", "prefecture", "command")
    assert who_has(raised) == ("OFFERED", "county", "north", "")
    mayor = Actor("he", "prefecture", "head", NORTH)
    moved = folded(decide(raised, DesignateUnit(mayor, "south", "theirs"), city=city), raised)
    assert moved is not None
    assert who_has(moved) == ("OFFERED", "south", "north", "")
    assert who_has(after(ClaimIncident(HEAD), found=raised))[2] == "county"


def test_without_a_next_superior_the_desk_is_told() -> None:
    [lapsed] = decide(ESCALATED, Lapse(ESCALATED.clocks[0].id), ANSWER_DUE)
    assert lapsed.raised_to == "command"

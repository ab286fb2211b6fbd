"""Assigning 交办 by a unit above, and reassigning 接办 inside the unit that has it."""

import pytest
from msgspec.structs import replace

from backbone.words.errors import InvalidTransition
from services.workflow.incident.assigning import AssignIncident, ReassignIncident
from tests.incidents import (
    CHEN,
    CITY,
    CLAIMED,
    DESK,
    HANDING_OFF,
    LEADER,
    LI,
    WANG,
    after,
    decide,
    refusal_of,
    who_has,
)

STEP_IN = ReassignIncident(WANG, "li is ill")


def test_an_order_puts_it_into_the_pool_of_the_unit_and_names_the_giver() -> None:
    assigned = after(AssignIncident(LEADER, "south", "go"), found=CLAIMED)
    assert who_has(assigned) == ("OFFERED", "south", "north", "")
    assert (assigned.charge.assigned_by, assigned.charge.instruction) == ("county", "go")


def test_only_a_superior_of_the_unit_or_over_its_area_assigns() -> None:
    assert refusal_of(CLAIMED, AssignIncident(WANG, "south", "go")) == "ROLE_MAY_NOT"


def test_an_order_names_another_unit_that_exists_and_says_what_to_do() -> None:
    assert refusal_of(CLAIMED, AssignIncident(LEADER, "moon", "go")) == "UNKNOWN_UNIT"
    assert refusal_of(CLAIMED, AssignIncident(LEADER, "north", "go")) == "SAME_UNIT"
    assert refusal_of(CLAIMED, AssignIncident(LEADER, "south", "")) == "INSTRUCTION_MISSING"


def test_a_colleague_steps_in_and_the_unit_still_answers_for_it() -> None:
    taken_over = after(STEP_IN, found=CLAIMED)
    assert who_has(taken_over) == ("CLAIMED", "north", "north", "wang")
    assert taken_over.charge.handlers == ("li", "wang")


def test_only_another_person_of_the_unit_steps_in_and_says_why() -> None:
    assert refusal_of(CLAIMED, ReassignIncident(LI, "mine")) == "SAME_HOLDER"
    assert refusal_of(CLAIMED, ReassignIncident(DESK, "x")) == "ROLE_MAY_NOT"
    assert refusal_of(HANDING_OFF, ReassignIncident(CHEN, "x")) == "NOT_YOUR_UNIT"
    assert refusal_of(CLAIMED, ReassignIncident(WANG, " ")) == "REASON_MISSING"


def test_a_colleague_who_holds_too_many_does_not_step_in() -> None:
    assert CITY.policy is not None
    assert refusal_of(CLAIMED, STEP_IN, held=CITY.policy.claim_cap) == "TOO_MANY_HELD"


def test_a_head_gives_a_leavers_matter_to_a_successor_whatever_the_successor_holds() -> None:
    assert CITY.policy is not None
    head = replace(WANG, user="head", role="head")
    given = ReassignIncident(head, "li has left", "wang")
    handed = after(given, found=CLAIMED)
    assert who_has(handed) == ("CLAIMED", "north", "north", "wang")
    assert refusal_of(CLAIMED, ReassignIncident(WANG, "li has left", "zhou")) == "NOT_THE_HEAD"
    assert refusal_of(CLAIMED, ReassignIncident(head, "li has left", "li")) == "SAME_HOLDER"
    assert decide(CLAIMED, given, held=CITY.policy.claim_cap)


def test_the_holder_is_not_offered_to_step_in() -> None:
    """What a person has already, no field of the command makes possible: it is no next step."""
    with pytest.raises(InvalidTransition, match="SAME_HOLDER"):
        decide(CLAIMED, ReassignIncident(LI, "mine"))

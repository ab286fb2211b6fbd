"""Escalating 提级: the superior is offered it; the giver answers for it until a claim."""

from typing import Any

from backbone.words.actor import Actor
from services.workflow.incident import waits_for
from services.workflow.incident.assigning import EscalateIncident
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.record import HELD
from services.workflow.incident.returning import AcceptReturn, RequestReturn
from tests.cities import NORTH
from tests.incidents import (
    CLAIMED,
    HANDING_OFF,
    HEAD,
    LI,
    OFFERED,
    WANG,
    after,
    changed,
    refusal_of,
    who_has,
)
from tests.life_cycles import Legal, UseCase

CHIEF = Actor("zhu", "north", "head", NORTH)
GIVE_UP = EscalateIncident(LI, "needs three departments")
ESCALATED = after(GIVE_UP, found=CLAIMED)


def legal(holder: Actor, **others: Any) -> tuple[Legal, ...]:
    """The discipline office of the accusation has no superior in the tests' city."""
    alone = dict.fromkeys(HELD, "NO_SUPERIOR") if holder.unit == "discipline" else {}
    return (Legal(EscalateIncident(holder, "too much for us"), but=alone),)


USE_CASE = UseCase(
    verbs=frozenset({"EscalateIncident"}),
    legal=legal,
    rights={
        "an incident": """EscalateIncident in CLAIMED, HANDLING
  holder: every role
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

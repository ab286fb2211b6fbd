"""Care cases: every verb, in every state, by every role."""

from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.roles import roles
from services.population.care_case.clocks import Lapse
from services.population.care_case.ending import RevealPerson
from services.population.care_case.record import OVER, CareCase, State
from services.population.wiring import build_decider
from tests.cities import COUNTY, NORTH, SOUTH
from tests.life_cycles import Legal, LifeCycleChecks, Subject, require_reviewed
from tests.unit.population.care_cases import (
    CITY,
    CLASS,
    DAY,
    DONE,
    END,
    ENTRUST_WANG,
    FORGET,
    HEAD,
    LI,
    NEEDS,
    PLAN,
    RECEIVE,
    RECORD,
    REGISTER,
    RESULT,
    SEAL,
    SENDER,
    WANG,
)

ACTIVE = (REGISTER, RECEIVE, PLAN, NEEDS, DONE)
# The entrusted give these commands; the head gives them too, and knows of the case from its start.
CARE = (CLASS, PLAN, RECORD, NEEDS, RESULT)
KEPT = 3_660 * DAY  # longer than the law has such a case kept
NOT_SENT = {State.SENT: "NOT_ROUTED"}


def it_ends_once(case: CareCase) -> None:
    """A case has care workers once it was received, and an ending once it has ended."""
    received = case.hand_over.receive_time is not None
    assert bool(case.charge.care_workers) == received
    assert (case.ending is not None) == (case.state in OVER)
    assert case.state is not State.ACTIVE or received


CARE_CASE = Subject(
    title="a care case",
    aims=frozenset({"NOT_RESOLVED", "VISIT_ALREADY_MADE", "RETENTION_RUNS"}),
    decider=build_decider(lambda: CITY),
    histories={
        State.SENT: (REGISTER,),
        State.ACTIVE: ACTIVE,
        State.ENDED: (*ACTIVE, END),
        State.SEALED: (*ACTIVE, END, SEAL),
        State.FORGOTTEN: (*ACTIVE, END, SEAL, KEPT, FORGET),
    },
    legal=(
        Legal(REGISTER),
        Legal(RECEIVE),
        Legal(ENTRUST_WANG),
        *(Legal(replace(each, by=HEAD)) for each in CARE),
        Legal(DONE, but=NOT_SENT),
        Legal(END),
        Legal(SEAL),
        Legal(FORGET, needs=(KEPT,)),
        Legal(RevealPerson(HEAD, "上门走访"), but={State.FORGOTTEN: "PERSON_FORGOTTEN"}),
        Legal(
            Lapse(),
            needs=(10 * DAY,),
            but=dict.fromkeys(OVER, "NOT_DUE"),
        ),
    ),
    people={
        "head of the unit": HEAD,
        "entrusted": LI,
        "colleague who is not entrusted": WANG,
        "sender": SENDER,
        "colleague of the sender": Actor("wu", "county", "leader", COUNTY),
        "dispatcher of the area": Actor("zhao", "command", "dispatcher", COUNTY),
        "without a name": Actor("", "north", "care_worker", NORTH),
        "of that name elsewhere": Actor("li", "south", "care_worker", SOUTH),
        "head of another unit": Actor("xu", "south", "head", SOUTH),
    },
    strangers=(
        "colleague of the sender",
        "dispatcher of the area",
        "without a name",
        "of that name elsewhere",
        "head of another unit",
    ),
    audited=("colleague of the sender", "dispatcher of the area", "without a name"),
    neighbours=("colleague who is not entrusted",),
    watchers=roles("head", "auditor"),
    openings=((REGISTER,), ACTIVE),
    more=CARE,
    pause=timedelta(days=15),
    invariant=it_ends_once,
)


class TestCareCase(LifeCycleChecks):
    subject = CARE_CASE


def test_the_rights_are_those_that_were_reviewed() -> None:
    require_reviewed(Path(__file__).with_name("who_may.txt"), [CARE_CASE])

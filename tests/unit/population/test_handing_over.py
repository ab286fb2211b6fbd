"""Hand-over 必送必接: received in person, entrusted to named people, classed by a document."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.population.care_case import CARE_CASES
from services.population.care_case.clocks import Lapse, next_due
from services.population.care_case.handover import EntrustCareCase, ReceiveCareCase
from services.population.care_case.record import CareCase, CareClass, ClassDecision, Office, State
from tests.cities import NOW
from tests.unit.population.care_cases import (
    ACTIVE,
    CITY,
    CLASS,
    DAY,
    ENTRUST_WANG,
    HEAD,
    LI,
    MIGRANT,
    RECEIVE,
    RECEIVED,
    SENDER,
    SENT,
    after,
    refusal_of,
)


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (SENT, replace(RECEIVE, by=SENDER), "ROLE_MAY_NOT"),
        (SENT, ReceiveCareCase(HEAD, ()), "CARE_WORKERS_MISSING"),
        (SENT, ReceiveCareCase(HEAD, ("zhou",)), "UNKNOWN_PERSON"),
        (SENT, ReceiveCareCase(HEAD, ("chen",)), "UNKNOWN_PERSON"),
        (ACTIVE, EntrustCareCase(LI, ("wang",)), "ROLE_MAY_NOT"),
        (ACTIVE, replace(CLASS, by=SENDER), "ROLE_MAY_NOT"),
        (ACTIVE, replace(CLASS, care_class=None), "CARE_CLASS_MISSING"),
        (ACTIVE, replace(CLASS, office=None), "DECIDER_MISSING"),
        (ACTIVE, replace(CLASS, decided_by=" "), "DECIDER_MISSING"),
        (ACTIVE, replace(CLASS, document=""), "DOCUMENT_MISSING"),
        (MIGRANT, CLASS, "PROGRAMME_HAS_NO_CLASS"),
    ],
)
def test_what_is_no_hand_over(found: CareCase | None, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


def test_the_head_receives_and_entrusts_care_workers_of_the_unit() -> None:
    assert (RECEIVED.state, RECEIVED.charge.care_workers) == (State.ACTIVE, ("li",))
    assert RECEIVED.hand_over.receive_time == NOW
    assert after(ENTRUST_WANG, found=ACTIVE).charge.care_workers == ("wang",)


def test_a_class_is_what_a_named_officer_has_set_on_a_document() -> None:
    decision = after(CLASS, found=ACTIVE).class_decision
    assert decision == ClassDecision(
        CareClass.GREEN, Office.OFFICER, "某司法所所长", "评估表1号", NOW
    )


def test_who_and_what_stand_already_are_told_again_without_an_event() -> None:
    classed = after(CLASS, found=ACTIVE)
    later = NOW + timedelta(days=1)
    assert CARE_CASES.decide(classed, CLASS, later, CITY) == []
    assert CARE_CASES.decide(classed, replace(CLASS, document="评估表2号"), later, CITY) != []
    entrusted = after(ENTRUST_WANG, found=ACTIVE)
    assert CARE_CASES.decide(entrusted, ENTRUST_WANG, later, CITY) == []


def test_a_hand_over_that_nobody_receives_is_told_once() -> None:
    due = NOW + 10 * DAY
    assert next_due(SENT) == due
    assert refusal_of(SENT, Lapse(), due - timedelta(seconds=1)) == "NOT_DUE"
    late = after(Lapse(), found=SENT, now=due)
    assert (late.hand_over.hand_over_overdue, next_due(late)) == (True, None)
    assert after(RECEIVE, found=late, now=due).state is State.ACTIVE

"""Ending 解除与封存: by its term or a document; once sealed, the person is not shown."""

from typing import Any

import pytest
from msgspec.structs import replace

from backbone.words.errors import Refusal
from services.population.care_case import CARE_CASES
from services.population.care_case.clocks import Lapse, next_due
from services.population.care_case.ending import TERM_OVER, EndCareCase, RevealPerson
from services.population.care_case.record import CareCase, Ending, State, VisitState
from tests.cities import NOW
from tests.unit.population.care_cases import (
    ACTIVE,
    CITY,
    DAY,
    DONE,
    ENDED,
    ENTRUST_WANG,
    HEAD,
    LI,
    PLAN,
    REGISTER,
    SEALED,
    SENDER,
    after,
    refusal_of,
)


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (ACTIVE, EndCareCase(LI, "x"), "ROLE_MAY_NOT"),
        (ACTIVE, EndCareCase(HEAD, ""), "REASON_MISSING"),
        (ACTIVE, RevealPerson(HEAD, " "), "PURPOSE_MISSING"),
        (ACTIVE, RevealPerson(SENDER, "x"), "ROLE_MAY_NOT"),
        (ACTIVE, Lapse(), "NOT_DUE"),
    ],
)
def test_what_is_no_ending(found: CareCase | None, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


def test_it_ends_by_a_document_and_is_sealed() -> None:
    assert ENDED.ending == Ending("提前解除决定书", NOW)
    assert (ENDED.state, SEALED.state) == (State.ENDED, State.SEALED)


def test_the_term_ends_the_care() -> None:
    over = after(Lapse(), found=ACTIVE, now=NOW + 100 * DAY)
    assert over.ending == Ending(TERM_OVER, NOW + 100 * DAY)
    assert (over.state, next_due(over)) == (State.ENDED, None)
    assert over.visits[0].state is VisitState.MISSED


REVEAL = RevealPerson(LI, "上门走访")


@pytest.mark.parametrize(
    ("case", "command", "reason"),
    [
        (after(ENTRUST_WANG, found=ACTIVE), REVEAL, "NO_SUCH_CARE_CASE"),
        (SEALED, REVEAL, "INVALID_TRANSITION"),
        (ACTIVE, RevealPerson(LI, ""), "PURPOSE_MISSING"),
        (ACTIVE, RevealPerson(SENDER, "x"), "ROLE_MAY_NOT"),
        (after(ENTRUST_WANG, found=ACTIVE), PLAN, "NO_SUCH_CARE_CASE"),
    ],
)
def test_a_repeat_is_refused_to_those_who_may_no_longer_see_it(
    case: CareCase, command: Any, reason: str
) -> None:
    CARE_CASES.check_repeat(ACTIVE, replace(command, by=LI, **purpose(command)), NOW, CITY)
    with pytest.raises(Refusal) as caught:
        CARE_CASES.check_repeat(case, command, NOW, CITY)
    assert caught.value.reason == reason


def purpose(command: Any) -> dict[str, str]:
    return {"purpose": "上门走访"} if isinstance(command, RevealPerson) else {}


@pytest.mark.parametrize("command", [REGISTER, DONE, Lapse()], ids=lambda c: type(c).__name__)
def test_a_repeat_of_the_sender_and_from_inside_is_answered(command: Any) -> None:
    CARE_CASES.check_repeat(SEALED, command, NOW, CITY)

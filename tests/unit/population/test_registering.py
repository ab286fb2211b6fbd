"""Registration 登记: a sender hands a person over to a unit, on a legal basis."""

from typing import Any

import pytest

from services.population.care_case.record import CareCase, Person, State
from tests.cities import NOW
from tests.unit.population.care_cases import DAY, REGISTER, SENT, a_registration, refusal_of


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (SENT, REGISTER, "ALREADY_REGISTERED"),
        (None, a_registration(programme=None), "PROGRAMME_MISSING"),
        (None, a_registration(legal_basis=" "), "LEGAL_BASIS_MISSING"),
        (None, a_registration(person=None), "PERSON_MISSING"),
        (None, a_registration(person=Person()), "PERSON_MISSING"),
        (None, a_registration(to_unit=""), "UNIT_MISSING"),
        (None, a_registration(to_unit="moon"), "UNKNOWN_UNIT"),
        (None, a_registration(term_end_time=NOW), "DUE_TIME_OVER"),
    ],
)
def test_what_cannot_be_registered(found: CareCase | None, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


def test_the_person_is_to_be_received_within_ten_days() -> None:
    assert SENT.state is State.SENT
    assert SENT.admission.hand_over_due_time == NOW + 10 * DAY

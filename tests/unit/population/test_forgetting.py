"""Forgetting 依法遗忘: after the statutory time, by the head, with a reason; nothing is left."""

from dataclasses import replace as with_fields
from datetime import UTC, datetime
from typing import Any

import pytest

from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from backbone.words.policy import CARE_RETENTION_YEARS
from services.population.care_case import CARE_CASES
from services.population.care_case.ending import RevealPerson
from services.population.care_case.forgetting import ForgetPerson, years_after, years_of
from services.population.care_case.record import CareCase, Forgetting, Programme, State
from tests.cities import NOW
from tests.unit.population.care_cases import (
    ACTIVE,
    CITY,
    END,
    ENDED,
    FORGET,
    HEAD,
    LI,
    PLAN,
    RECORD,
    SEALED,
    SENDER,
    after,
    refusal_of,
)

LATER = years_after(NOW, CARE_RETENTION_YEARS["COMMUNITY_CORRECTION"])
VISITED = after(RECORD, END, found=ACTIVE)


@pytest.mark.parametrize(
    ("found", "command", "now", "reason"),
    [
        (ENDED, FORGET, NOW, "RETENTION_RUNS"),
        (SEALED, FORGET, LATER.replace(year=LATER.year - 1), "RETENTION_RUNS"),
        (ENDED, ForgetPerson(HEAD, " "), LATER, "REASON_MISSING"),
        (ENDED, ForgetPerson(HEAD, "x", True), LATER, "NAMES_THE_PERSON"),
        (ENDED, ForgetPerson(LI, "x"), LATER, "ROLE_MAY_NOT"),
        (ENDED, ForgetPerson(SENDER, "x"), LATER, "ROLE_MAY_NOT"),
        (ACTIVE, FORGET, LATER, "INVALID_TRANSITION"),
    ],
)
def test_what_is_not_forgotten(found: CareCase, command: Any, now: datetime, reason: str) -> None:
    assert refusal_of(found, command, now) == reason


@pytest.mark.parametrize("found", [ENDED, SEALED, VISITED])
def test_the_record_keeps_nothing_of_the_person(found: CareCase) -> None:
    gone = after(FORGET, found=found, now=LATER)
    assert gone.state is State.FORGOTTEN
    assert gone.admission.person is None
    assert all(visit.finding == "" for visit in gone.visits)
    assert gone.forgetting == Forgetting(FORGET.reason, LATER)
    assert (gone.admission.programme, gone.charge, gone.ending) == (
        found.admission.programme,
        found.charge,
        found.ending,
    )


def test_afterwards_nothing_is_revealed_or_changed() -> None:
    gone = after(FORGET, found=SEALED, now=LATER)
    assert refusal_of(gone, RevealPerson(LI, "回访")) == "PERSON_FORGOTTEN"
    for command in (FORGET, PLAN, RECORD):
        assert refusal_of(gone, command, LATER) == "INVALID_TRANSITION"
    CARE_CASES.check_repeat(gone, FORGET, LATER, CITY)


def test_the_city_says_how_long_and_the_longest_time_counts_where_it_says_nothing() -> None:
    assert CITY.policy is not None
    table = {"COMMUNITY_CORRECTION": 1, "MINOR_PROTECTION": 7}
    city: City = with_fields(CITY, policy=with_fields(CITY.policy, care_retention_years=table))
    assert years_of(Programme.COMMUNITY_CORRECTION, city) == 1
    assert years_of(Programme.MIGRANT_SERVICE, city) == 7
    assert years_of(Programme.MENTAL_DISORDER_CARE, with_fields(CITY, policy=None)) == 15
    CARE_CASES.decide(SEALED, FORGET, years_after(NOW, 1), city)
    with pytest.raises(InvalidTransition) as caught:
        CARE_CASES.decide(SEALED, FORGET, NOW, city)
    assert caught.value.facts["time"] == years_after(NOW, 1).isoformat()


def test_a_leap_day_has_an_end_too() -> None:
    leap = datetime(2028, 2, 29, 8, tzinfo=UTC)
    assert years_after(leap, 1) == datetime(2029, 3, 1, 8, tzinfo=UTC)
    assert years_after(leap, 4) == datetime(2032, 2, 29, 8, tzinfo=UTC)

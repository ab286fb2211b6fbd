"""Needs 服务需求: what a person needs goes into the flow without the name."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.population import codec
from services.population.care_case.record import CareCase
from tests.unit.population.care_cases import (
    ACTIVE,
    DONE,
    NEEDS,
    RECEIVED,
    RESULT,
    after,
    refusal_of,
)


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (ACTIVE, replace(NEEDS, text=""), "TEXT_MISSING"),
        (ACTIVE, replace(NEEDS, names_the_person=True), "NAMES_THE_PERSON"),
        (ACTIVE, replace(NEEDS, category="moon"), "UNKNOWN_CATEGORY"),
        (ACTIVE, replace(RESULT, service_id="x"), "NO_SUCH_SERVICE"),
        (after(NEEDS, found=RECEIVED), RESULT, "NOT_RESOLVED"),
        (RECEIVED, DONE, "NOT_ROUTED"),
    ],
)
def test_what_is_no_need(found: CareCase | None, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


def test_nobody_hears_of_care_by_unit_or_area() -> None:
    scope = codec.scope(ACTIVE)
    assert (scope.audience, scope.source, scope.is_watched) == ((), "CASE", False)

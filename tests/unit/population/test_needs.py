"""Needs 服务需求: what a person needs goes into the flow without the name."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.population import codec
from services.population.care_case.needs import matter_of, names_the_person
from services.population.care_case.record import CareCase
from tests.unit.population.care_cases import (
    ACTIVE,
    DONE,
    ID,
    NEED,
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


def test_a_need_names_neither_person_nor_case_nor_programme() -> None:
    matter = matter_of(ACTIVE, ACTIVE.services[0])
    assert (matter.id, matter.category, matter.desk) == (NEED, "care", "north")
    said = str(matter)
    for hidden in ("sealed", str(ID), ACTIVE.code, "CORRECTION", "法院"):
        assert hidden not in said
    assert names_the_person("张三需要就业培训", ("张三", "", ""))
    assert not names_the_person("需要就业培训", ("张三", "", " "))
    assert after(RESULT, found=ACTIVE).services[0].result == "已推荐"


def test_nobody_hears_of_care_by_unit_or_area() -> None:
    scope = codec.scope(ACTIVE)
    assert (scope.audience, scope.area) == ((), "")

"""Visits 走访: planned with a clock, made by the entrusted, or missed."""

from typing import Any

import pytest
from msgspec.structs import replace

from services.population.care_case.clocks import Lapse, next_due
from services.population.care_case.record import CareCase, State, VisitState
from tests.cities import NOW
from tests.unit.population.care_cases import (
    ACTIVE,
    DAY,
    END,
    MIGRANT,
    PLAN,
    RECORD,
    RESULT,
    SEALED,
    after,
    refusal_of,
)


@pytest.mark.parametrize(
    ("found", "command", "reason"),
    [
        (MIGRANT, PLAN, "PROGRAMME_HAS_NO_VISITS"),
        (ACTIVE, replace(PLAN, activity=None), "ACTIVITY_MISSING"),
        (ACTIVE, replace(PLAN, due_time=None), "DUE_TIME_MISSING"),
        (ACTIVE, replace(PLAN, due_time=NOW), "DUE_TIME_OVER"),
        (ACTIVE, replace(RECORD, visit_id="x"), "NO_SUCH_VISIT"),
        (ACTIVE, replace(RECORD, finding=""), "FINDING_MISSING"),
        (after(RECORD, found=ACTIVE), RECORD, "VISIT_ALREADY_MADE"),
        (ACTIVE, replace(RECORD, visit_time=NOW + DAY), "TIME_IN_FUTURE"),
        (ACTIVE, replace(RECORD, visit_time=NOW - DAY), "VISIT_OUTSIDE_CARE"),
        (SEALED, replace(RECORD, visit_time=NOW), "INVALID_TRANSITION"),
    ],
)
def test_what_is_no_visit(found: CareCase | None, command: Any, reason: str) -> None:
    assert refusal_of(found, command) == reason


def test_a_missed_visit_is_told_once_and_may_be_made_late() -> None:
    due = NOW + 7 * DAY
    missed = after(Lapse(), found=ACTIVE, now=due)
    assert missed.visits[0].state is VisitState.MISSED
    assert next_due(missed) == NOW + 100 * DAY
    made = after(RECORD, found=missed, now=due + DAY)
    assert (made.visits[0].state, made.visits[0].worker) == (VisitState.MADE, "li")


def test_what_was_done_before_the_end_is_written_down_after_it() -> None:
    term = NOW + 100 * DAY
    ended = after(Lapse(), found=after(Lapse(), found=ACTIVE, now=NOW + 7 * DAY), now=term)
    later = term + DAY
    assert refusal_of(ended, RECORD, later) == "VISIT_OUTSIDE_CARE"
    assert refusal_of(ended, replace(RECORD, visit_time=later), later) == "VISIT_OUTSIDE_CARE"
    made = after(replace(RECORD, visit_time=NOW + DAY), RESULT, found=ended, now=later)
    assert (made.visits[0].state, made.visits[0].visit_time) == (VisitState.MADE, NOW + DAY)
    assert (made.state, made.services[0].result) == (State.ENDED, "已推荐")


def test_a_visit_that_is_recorded_at_once_was_made_then() -> None:
    made = after(replace(RECORD, visit_time=None), found=ACTIVE, now=NOW + DAY)
    assert made.visits[0].visit_time == NOW + DAY
    assert after(RECORD, END, found=ACTIVE).visits[0].visit_time == NOW

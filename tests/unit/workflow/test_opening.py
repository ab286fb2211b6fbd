"""Opening 登记: a matter becomes one incident, in triage or in the pool of the unit it goes to."""

import pytest

from services.workflow.incident.opening import OpenIncident
from tests.incidents import DESK, OFFERED, OPEN, TRIAGE, a_matter, after, refusal_of, who_has


def test_the_policy_offers_it_to_the_competent_unit_and_the_desk_answers_for_it() -> None:
    assert who_has(after(OPEN)) == ("OFFERED", "north", "command", "")


def test_where_no_row_of_the_policy_matches_it_waits_in_triage() -> None:
    assert who_has(after(TRIAGE)) == ("TRIAGE", "", "command", "")


def test_the_desk_may_name_the_unit() -> None:
    named = after(OpenIncident(DESK, a_matter(to_unit="roads")))
    assert who_has(named) == ("OFFERED", "roads", "command", "")


def test_a_matter_is_opened_once() -> None:
    assert refusal_of(OFFERED, OPEN) == "ALREADY_OPEN"


@pytest.mark.parametrize("left_out", ["code", "title", "desk", "source"])
def test_a_matter_has_a_code_a_title_a_desk_and_a_source(left_out: str) -> None:
    incomplete = OpenIncident(DESK, a_matter(**{left_out: ""}))
    assert refusal_of(None, incomplete) == "MATTER_INCOMPLETE"


def test_a_unit_that_is_named_must_exist() -> None:
    assert refusal_of(None, OpenIncident(DESK, a_matter(to_unit="moon"))) == "UNKNOWN_UNIT"

"""Routing 分流: the dispatcher of the area, or a superior to whom it was raised, names the unit."""

from datetime import timedelta

import pytest

from services.workflow.incident import waits_for
from services.workflow.incident.handing_off import RefuseHandOff
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.record import Incident
from services.workflow.incident.routing import DesignateUnit, RouteIncident
from tests.incidents import (
    CHEN,
    CLAIMED,
    DESK,
    HANDING_OFF,
    HEAD,
    LI,
    NOW,
    OFFERED,
    TRIAGE,
    a_matter,
    after,
    changed,
    decide,
    evolve,
    refusal_of,
    who_has,
)

REFUSED = after(RefuseHandOff(CHEN, "no"), found=changed(HANDING_OFF, bounces=2))


@pytest.mark.parametrize(("found", "accountable"), [(OFFERED, "command"), (CLAIMED, "north")])
def test_a_designated_unit_has_it_in_its_pool_and_answers_for_it_once_it_claims(
    found: Incident, accountable: str
) -> None:
    designated = after(DesignateUnit(DESK, "south", ""), found=found)
    assert who_has(designated) == ("OFFERED", "south", accountable, "")


def test_a_designated_unit_exists_and_is_another() -> None:
    assert refusal_of(OFFERED, DesignateUnit(DESK, "moon", "x")) == "UNKNOWN_UNIT"
    assert refusal_of(OFFERED, DesignateUnit(DESK, "north", "x")) == "SAME_UNIT"


def test_only_a_dispatcher_of_the_area_names_the_unit() -> None:
    assert refusal_of(OFFERED, DesignateUnit(LI, "south", "x")) == "NOT_THE_DISPATCHER"
    assert refusal_of(after(TRIAGE), RouteIncident(LI)) == "NO_SUCH_INCIDENT"


def test_the_policy_is_asked_again_for_what_is_in_triage() -> None:
    unheard = after(TRIAGE)
    assert who_has(after(RouteIncident(DESK), found=unheard)) == ("TRIAGE", "", "command", "")
    known = changed(unheard, matter=a_matter())
    assert who_has(after(RouteIncident(DESK), found=known)) == ("OFFERED", "north", "command", "")


def test_whom_silence_was_raised_to_designates() -> None:
    [lapsed] = decide(HANDING_OFF, Lapse(), NOW + timedelta(hours=2))
    designated = after(DesignateUnit(HEAD, "south", "decided"), found=evolve(HANDING_OFF, lapsed))
    assert who_has(designated) == ("OFFERED", "south", "north", "")


@pytest.mark.parametrize("to_unit", ["north", "south", "roads"])
def test_after_one_bounce_too_many_the_common_superior_designates_any_unit(to_unit: str) -> None:
    designated = after(DesignateUnit(HEAD, to_unit, "decided"), found=REFUSED)
    assert who_has(designated) == ("OFFERED", to_unit, "north", "")
    assert designated.charge.raised_to == "" and "county" not in waits_for(designated)
    assert refusal_of(designated, DesignateUnit(HEAD, "north", "x")) == "NOT_THE_DISPATCHER"


def test_a_superior_that_was_not_asked_designates_nothing() -> None:
    bounced = after(RefuseHandOff(CHEN, "no"), found=changed(HANDING_OFF, bounces=1))
    assert refusal_of(bounced, DesignateUnit(HEAD, "south", "x")) == "NO_SUCH_INCIDENT"

"""Who dispatches or is on duty in a functional unit watches its business alone, not the area."""

import pytest

from backbone.words.actor import Actor
from backbone.words.errors import Denied
from backbone.words.sight import (
    ALARM,
    DISPUTE,
    LINES,
    MISSION,
    ORDER,
    SOURCES,
    Facts,
    sees,
    watches_over,
)
from services.workflow.incident.amending import require_may_set_priority
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.routing import require_dispatcher
from tests.cities import COUNTY, NORTH
from tests.incidents import DESK, a_matter, after

HERE = [Facts(source, ("north",), NORTH) for source in (ALARM, MISSION, DISPUTE, ORDER)]


def watched(role: str, line: str) -> set[str]:
    actor = Actor("wu", "elsewhere", role, COUNTY, line)
    return {each.source for each in HERE if sees(actor, each)}


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("", {ALARM, MISSION, DISPUTE, ORDER}),
        ("command", {ALARM, MISSION, DISPUTE, ORDER}),
        ("police", {ALARM, MISSION, ORDER}),
        ("emergency", {MISSION, ORDER}),
        ("fire", {MISSION, ORDER}),
        ("medical", {MISSION, ORDER}),
        ("hotline", {ALARM}),
        ("mediation", {DISPUTE}),
        ("court", set()),
        ("petition_office", set()),
        ("urban_management", set()),
    ],
)
def test_a_dispatcher(line: str, seen: set[str]) -> None:
    assert watched("dispatcher", line) == seen
    orders = seen & {ORDER}
    assert watched("call_taker", line) == watched("duty_officer", line) == orders
    assert watched("centre_director", line) == seen & {DISPUTE}


def test_leaders_and_supervisors_watch_as_before() -> None:
    for role in ("leader", "supervisor"):
        assert watched(role, "fire") == watched(role, "court") == set()
        assert watched(role, "command") == {ALARM, MISSION, ORDER}


def test_what_the_own_unit_has_to_do_with_is_seen_whatever_its_line() -> None:
    for line in ("court", *LINES):
        of_north = Actor("wu", "north", "dispatcher", COUNTY, line)
        assert all(sees(of_north, each) for each in HERE)
    assert {each for each in SOURCES if watches_over(of_north, each, "880101")} == set()


def test_one_of_another_line_decides_nothing_over_the_area() -> None:
    incident = after(OpenIncident(DESK, a_matter()))
    for line in ("", "command", "police"):
        require_dispatcher(incident, Actor("wu", "elsewhere", "dispatcher", COUNTY, line))
    for line in ("court", "fire", "mediation"):
        actor = Actor("wu", "elsewhere", "dispatcher", COUNTY, line)
        with pytest.raises(Denied, match="NOT_THE_DISPATCHER"):
            require_dispatcher(incident, actor)
        with pytest.raises(Denied, match="MAY_NOT_SET_PRIORITY"):
            require_may_set_priority(incident, actor)

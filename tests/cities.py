"""A city of five units, small enough to know by heart, for the tests that need a policy."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from backbone.words.areas import Level
from backbone.words.city import Category, City, Competence, Head, Unit
from backbone.words.policy import Policy, Route

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"


def a_unit(
    code: str, kind: str, area: str, parent: str = "", level: Level = Level.TOWNSHIP
) -> Unit:
    return Unit(code=code, name=code, kind=kind, area=area, parent=parent, level=level)


def a_policy(**figures: Any) -> Policy:
    """A policy without handling clocks, unless the figures give them."""
    given = {
        "arrival_minutes": {},
        "feedback_minutes": {},
        "hand_off_answer_minutes": 120,
        "return_answer_minutes": 120,
        "claim_lapse_minutes": 480,
        "return_window_minutes": 7200,
        "bounce_cap": 3,
        "claim_cap": 100,
        "acknowledge_seconds": 60,
        "repeat_minutes": 60,
        "repeat_metres": 500,
        "suggestions": 3,
        **figures,
    }
    routes = (
        Route(code="danger", title="", target="NEXT", priorities=("P1",), linkage=True),
        Route(code="competent", title="", target="COMPETENT"),
        Route(code="triage", title="", target="TRIAGE"),
    )
    return Policy(
        sign_in_minutes={"P1": 5, "P2": 15, "P3": 60, "P4": 240},
        repush_seconds=(10, 20, 40),
        routes=routes,
        **given,
    )


def a_city(**figures: Any) -> City:
    units = [
        a_unit("command", "command", COUNTY, level=Level.COUNTY),
        a_unit("county", "government", COUNTY, level=Level.COUNTY),
        a_unit("north", "police", NORTH, parent="county"),
        a_unit("south", "police", SOUTH, parent="county"),
        a_unit("roads", "urban_management", NORTH, parent="county"),
    ]
    head = Head(
        code=COUNTY,
        name="testing",
        south_west=(0.0, 0.0),
        north_east=(1.0, 1.0),
        version=7,
        effective_time=NOW,
        checksum="",
        entries=0,
    )
    theft = Competence(
        code="theft-police",
        category="theft",
        unit_kind="police",
        unit="",
        level=Level.TOWNSHIP,
        area="",
        basis="",
    )
    category = Category("theft", "盗窃", ("盗窃",), ("偷",), "P3")
    return City(
        head=head,
        policy=a_policy(**figures),
        units={unit.code: unit for unit in units},
        categories={"theft": category},
        competences={theft.code: theft},
    )


def a_city_with_discipline(**figures: int) -> City:
    """The same city with a petition office, a discipline body, and a police box below north."""
    city = a_city(**figures)
    units = [
        a_unit("office", "petition_office", COUNTY, level=Level.COUNTY),
        a_unit("discipline", "discipline", COUNTY, level=Level.COUNTY),
        a_unit("box", "police_box", NORTH, parent="north", level=Level.VILLAGE),
    ]
    return replace(city, units=dict(city.units) | {each.code: each for each in units})

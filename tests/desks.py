"""A small city with a front desk, and the people around it, for the tests of receipts."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from backbone.words.actor import Actor
from backbone.words.areas import Level
from backbone.words.city import Area, Category, City, Grid, Team
from backbone.words.place import Place, Point
from services.alarm.receipt.intake import ReceiveAlarm
from services.alarm.receipt.record import Caller, Kind
from tests.cities import COUNTY, NORTH, SOUTH, a_city, a_unit

VILLAGE = f"{NORTH}001"
EAST_GRID, WEST_GRID = f"{VILLAGE}001", f"{VILLAGE}002"
HERE = Point(0.15, 0.05)
DESK = "command"

TAKER = Actor("zhou", DESK, "call_taker", COUNTY)
DISPATCHER = Actor("zhao", DESK, "dispatcher", COUNTY)
GRID_MEMBER = Actor("wu", "north-village", "grid_member", VILLAGE)
STRANGER = Actor("chen", "south", "clerk", SOUTH)
AUDITOR = Actor("shen", "audit", "auditor", COUNTY)
HOTLINE = Actor("hotline", "hotline", "partner", COUNTY)
HOTLINE_CLERK = Actor("he", "hotline", "clerk", COUNTY)


def a_square(code: str, west: float) -> Grid:
    corners = ((west, 0.0), (west + 0.1, 0.0), (west + 0.1, 0.1), (west, 0.1))
    return Grid(code, f"grid {code[-1]}", (corners,))


def a_category(code: str, name: str, *words: str, priority: str = "P3") -> Category:
    return Category(code, name, (name,), words, priority)


def a_desk_city() -> City:
    city = a_city()
    units = [
        a_unit("hotline", "hotline", COUNTY, level=Level.COUNTY),
        a_unit("mediation", "mediation", COUNTY, level=Level.COUNTY),
        a_unit("office", "petition_office", COUNTY, level=Level.COUNTY),
        a_unit("north-village", "village", VILLAGE, parent="county", level=Level.VILLAGE),
    ]
    categories = [
        a_category("theft", "盗窃", "偷"),
        a_category("traffic", "交通警情", "路口", "车"),
        a_category("traffic.accident", "交通事故", "相撞", "追尾", priority="P2"),
        a_category("traffic.accident.injury", "伤人事故", "有人受伤", priority="P1"),
    ]
    grids = [a_square(WEST_GRID, 0.0), a_square(EAST_GRID, 0.1)]
    areas = [
        Area(COUNTY, "county", Level.COUNTY),
        Area(NORTH, "north", Level.TOWNSHIP),
        Area(VILLAGE, "village", Level.VILLAGE),
    ]
    teams = [Team(name, name, "north", NORTH, (), "sun", ("sun",)) for name in ("red", "blue")]
    return replace(
        city,
        units=dict(city.units) | {each.code: each for each in units},
        categories={each.code: each for each in categories},
        grids={each.code: each for each in grids},
        areas={each.code: each for each in areas},
        teams={each.code: each for each in teams},
    )


def a_report(**parts: Any) -> ReceiveAlarm:
    given = {
        "by": TAKER,
        "id": UUID(int=7),
        "code": "990101260101-000001-0",
        "kind": Kind.CALL,
        "caller": Caller(number="v1.sealed", number_index="abc"),
        "place": Place("长风路12号", HERE, EAST_GRID),
        "category": "traffic.accident",
        "priority": "",
        "narrative": "两车相撞,有人受伤",
        **parts,
    }
    return ReceiveAlarm(**given)

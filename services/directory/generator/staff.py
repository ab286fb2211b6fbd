"""Generates the people for every role of every unit, the teams and the demo accounts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from backbone.words.areas import Level, level_of
from services.directory.generator.land import Land
from services.directory.generator.names import Names
from services.directory.generator.organisation import UnitRow

HIGH, LOW = (Level.CITY, Level.COUNTY), (Level.TOWNSHIP, Level.VILLAGE)
# Staff beside the head and the clerks: kind of unit, levels, and numbers by role.
SPECIALISTS: tuple[tuple[str, tuple[Level, ...], dict[str, int]], ...] = (
    ("command", HIGH, {"call_taker": 6, "dispatcher": 4, "duty_officer": 2, "statistician": 1}),
    ("hotline", HIGH, {"call_taker": 2, "receptionist": 2}),
    ("government", HIGH, {"leader": 2, "supervisor": 2, "signer": 1, "statistician": 1}),
    ("government", HIGH, {"duty_officer": 2}),
    ("government", (Level.CITY,), {"auditor": 1, "operator": 2}),
    ("petition_office", HIGH, {"receptionist": 2, "signer": 1, "supervisor": 1}),
    ("mediation", HIGH, {"centre_director": 1, "mediator": 3, "receptionist": 1}),
    ("mediation", LOW, {"mediator": 2}),
    ("medical_mediation", HIGH, {"mediator": 2}),
    ("labour_mediation", HIGH, {"mediator": 2}),
    ("traffic_mediation", HIGH, {"mediator": 2}),
    ("justice", (*HIGH, *LOW), {"care_worker": 1}),
    ("township", LOW, {"leader": 1, "care_worker": 1, "duty_officer": 1, "receptionist": 1}),
    ("village", LOW, {"grid_leader": 1}),
)
CITY_TEAMS = {
    "fire": ("特勤消防队", "fire;rescue;hazmat"),
    "medical": ("应急医疗队", "medical"),
    "emergency": ("防汛抢险队", "flood;rescue;evacuation"),
    "police": ("特警应急队", "patrol;rescue;crowd"),
}
COUNTY_TEAMS = {
    "fire": ("消防救援队", "fire;rescue"),
    "medical": ("医疗急救队", "medical"),
    "police": ("巡逻处突队", "patrol;traffic"),
}
TOWNSHIP_TEAMS = {"emergency": ("综合应急队", "rescue;flood;evacuation;fire")}
TEAMS = {Level.CITY: CITY_TEAMS, Level.COUNTY: COUNTY_TEAMS, Level.TOWNSHIP: TOWNSHIP_TEAMS}
TEAM_SIZE = 6
# The areas whose units have a demo account for a clerk: the example's township and its county.
SHOWN = ("990101001", "990101", "990100")


class PersonRow(NamedTuple):
    """A row of staff.csv."""

    user: str
    name: str
    unit: str
    roles: str
    team: str


class TeamRow(NamedTuple):
    """A row of teams.csv."""

    code: str
    name: str
    unit: str
    area: str
    skills: str
    leader: str


class AccountRow(NamedTuple):
    """A row of accounts.csv."""

    user: str
    name: str
    role: str
    unit: str
    team: str


@dataclass(slots=True)
class Staff:
    """The people, teams and accounts of a city."""

    people: list[PersonRow] = field(default_factory=list)
    teams: list[TeamRow] = field(default_factory=list)
    accounts: list[AccountRow] = field(default_factory=list)


def make_staff(land: Land, units: Sequence[UnitRow], members: int, random: Random) -> Staff:
    """Return the people of a city; user names consist of role and unit: clerk.990101001-police."""
    names = Names(random)
    staff = Staff()
    for unit in units:
        for role, count in _roles(unit):
            for number in range(1, count + 1):
                user = _user(role, unit.code, number)
                staff.people.append(PersonRow(user, names.person(), unit.code, role, ""))
        _add_team(staff, unit, land.areas[unit.area], names)
    for index in range(members):
        number, at = divmod(index, len(land.grids))
        grid = land.grids[at].code
        user = _user("grid_member", grid, number + 1)
        unit_code = f"{grid[:12]}-village"
        staff.people.append(PersonRow(user, names.person(), unit_code, "grid_member", ""))
    above = frozenset(unit.parent for unit in units)
    staff.accounts = list(_accounts(staff.people, above))
    return staff


def _roles(unit: UnitRow) -> Iterator[tuple[str, int]]:
    level = level_of(unit.area)
    yield "head", 1
    yield "clerk", 1 if level is Level.VILLAGE else 2
    for kind, levels, roles in SPECIALISTS:
        if kind == unit.kind and level in levels:
            yield from roles.items()


def _add_team(staff: Staff, unit: UnitRow, area_name: str, names: Names) -> None:
    kinds = TEAMS.get(level_of(unit.area), {})
    if unit.kind not in kinds:
        return
    name, skills = kinds[unit.kind]
    team = f"{unit.code}-team"
    leader = _user("team_leader", unit.code, 1)
    staff.teams.append(TeamRow(team, area_name + name, unit.code, unit.area, skills, leader))
    roles = "team_leader;team_member"
    staff.people.append(PersonRow(leader, names.person(), unit.code, roles, team))
    for number in range(1, TEAM_SIZE):
        user = _user("team_member", unit.code, number)
        staff.people.append(PersonRow(user, names.person(), unit.code, "team_member", team))


def _accounts(people: Sequence[PersonRow], above: frozenset[str]) -> Iterator[AccountRow]:
    """One account for each role, for clerk and head of each shown unit, for each team leader, and
    for the head of each unit above others, who decides what they disagree on.
    """
    roles: set[str] = set()
    for person in sorted(people, key=lambda person: _rank(person.unit)):
        role = person.roles.partition(";")[0]
        first = person.user == f"{role}.{person.unit}"
        is_shown = first and role in ("clerk", "head") and _rank(person.unit) < len(SHOWN)
        decides = role == "head" and person.unit in above
        if role not in roles or role == "team_leader" or is_shown or decides:
            roles.add(role)
            yield AccountRow(person.user, person.name, role, person.unit, person.team)


def _rank(unit: str) -> int:
    area = unit.partition("-")[0]
    return SHOWN.index(area) if area in SHOWN else len(SHOWN)


def _user(role: str, place: str, number: int) -> str:
    return f"{role}{number if number > 1 else ''}.{place}"

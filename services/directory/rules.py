"""The pack's rules: the city, its kinds of units, the clocks and the routing table."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from backbone.words.areas import Level
from backbone.words.city import Ring
from backbone.words.neighbours import Neighbour
from backbone.words.policy import (
    CARE_RETENTION_YEARS,
    DESK_DECIDES,
    RECALL,
    SUPERVISION_ANSWER,
    URGE_PAUSE_MINUTES,
    Policy,
    Route,
)
from backbone.words.roles import CALL_BACK_MAKERS, HANDLERS, SUPERIORS, Roles
from backbone.words.working_time import budget_of
from services.directory.documents import Value, read_document
from services.directory.flaws import Flaws, Spot
from services.directory.shapes import is_on_earth

CORNERS = 3
PRIORITIES = ("P1", "P2", "P3", "P4")
SOURCES = frozenset({"ALARM", "PETITION", "DISPUTE", "MISSION", "CARE"})
TARGETS = frozenset({"NEXT", "COMPETENT", "UNIT_KIND", "UNIT", "TRIAGE"})

CLOCKS = (
    "hand_off_answer_minutes",
    "return_answer_minutes",
    "claim_lapse_minutes",
    "return_window_minutes",
    "bounce_cap",
    "claim_cap",
    "acknowledge_seconds",
    "repeat_minutes",
    "repeat_metres",
    "suggestions",
)
DIALLING_CODE = re.compile("0(?:10|2[0-9]|[3-9][0-9]{2})")
LATER_CLOCKS = (
    "objection_window_minutes",
    "objection_answer_minutes",
    "escalation_answer_minutes",
    "supervision_least_hours",
    "supervision_most_days",
    "partner_answer_minutes",
)
"""Figures that a pack of 0.1.0 lacks: the defaults of `Policy` serve."""
HANDLING_TABLES = ("arrival_minutes", "feedback_minutes")
ROLE_LISTS: Mapping[str, Roles] = {
    "supervision_answerers": HANDLERS | SUPERIORS,
    "dispute_call_back": CALL_BACK_MAKERS,
}
"""Lists of roles, and the roles that may stand in each."""
MOST_YEARS = 100
LATER_TABLES = (
    "supervision_answer",
    "care_retention_years",
    "urge_pause_minutes",
    "caller_in_order",
    "accused_team",
    "team_minutes",
    *HANDLING_TABLES,
    *ROLE_LISTS,
)
"""Tables that it lacks; a row that a pack leaves out has its default, too."""


@dataclass(frozen=True, slots=True)
class CityFile:
    """The content of city.yaml: code and name of the city, terms of kinds of units and of skills,
    and neighbours. `skills` is None in a pack that does not say them."""

    code: str
    name: str
    unit_kinds: dict[str, str]
    neighbours: tuple[Neighbour, ...] = ()
    dialling_code: str = ""
    skills: dict[str, str] | None = None


def read_city(file: str, text: str, flaws: Flaws) -> CityFile:
    """Return the content; flaws are collected."""
    root = read_document(file, text, flaws)
    readers = {"code": Value.text, "name": Value.text, "unit_kinds": _names}
    optional = {
        "neighbours": lambda rows: rows.each(_neighbour),
        "dialling_code": _dialling_code,
        "skills": _names,
    }
    content = root.fields(readers, optional) if root else {}
    return CityFile(**{"code": "", "name": "", "unit_kinds": {}, **content})


def _dialling_code(value: Value) -> str:
    code = value.text()
    if not DIALLING_CODE.fullmatch(code):
        value.flaw("NOT_A_DIALLING_CODE", code, "it must be like 010 or 0571, in quotes")
    return code


def read_policy(
    clocks: tuple[str, str], routes: tuple[str, str], flaws: Flaws
) -> tuple[Policy | None, dict[str, Spot]]:
    """Read the two files, given as name and text; return the policy and the spots of its rules."""
    root, table = read_document(*clocks, flaws), read_document(*routes, flaws)
    if root is None or table is None:
        return None, {}
    readers = dict.fromkeys(CLOCKS, Value.number)
    numbers = root.fields(
        {
            **readers,
            "sign_in_minutes": _minutes,
            "repush_seconds": lambda value: value.each(Value.number),
        },
        {
            **dict.fromkeys(LATER_CLOCKS, Value.number),
            "supervision_answer": _terms,
            "urge_pause_minutes": _pauses,
            "care_retention_years": _years,
            **dict.fromkeys(HANDLING_TABLES, _minutes),
            "team_minutes": _by_priority,
            "caller_in_order": lambda value: value.each(_priority),
            "accused_team": lambda value: value.one_of(frozenset({RECALL, DESK_DECIDES})),
            **{name: _some_of(known) for name, known in ROLE_LISTS.items()},
        },
    )
    spots = {f"clock/{name}": value.spot for name, value in root.pairs()}
    rows = table.each(lambda value: (_route(value), value.spot))
    spots |= {f"route/{route.code}": spot for route, spot in rows}
    complete = len(numbers.keys() - {*LATER_CLOCKS, *LATER_TABLES}) == len(CLOCKS) + 2
    policy = Policy(routes=tuple(route for route, _ in rows), **numbers) if complete else None
    return policy, spots


def _some_of(known: Roles) -> Callable[[Value], tuple[str, ...]]:
    """Reads a list of one role or more out of these."""

    def read(value: Value) -> tuple[str, ...]:
        found = value.each(lambda each: each.one_of(known))
        if not found:
            value.flaw("LIST_EMPTY", "", "it must name one role or more")
        return found

    return read


def _neighbour(value: Value) -> Neighbour:
    texts = dict.fromkeys(("code", "name", "telephone"), Value.text)
    found = value.fields({**texts, "polygon": _ring}, {})
    ring = found.pop("polygon", ())
    return Neighbour(**{"code": "", "name": "", "telephone": "", "ring": ring, **found})


def _ring(value: Value) -> Ring:
    ring = value.each(lambda point: point.each(Value.degrees))
    if len(ring) < CORNERS or not all(map(is_on_earth, ring)):
        value.flaw("POLYGON_WRONG", "", "it must have three corners or more: [longitude, latitude]")
        return ()
    return ring


def _names(value: Value) -> dict[str, str]:
    return {name: text.text() for name, text in value.pairs()}


def _minutes(value: Value) -> dict[str, int]:
    return {name: minutes.number() for name, minutes in value.pairs()}


def _by_priority(value: Value) -> dict[str, int]:
    return {name: each.number() for name, each in _rows(value, frozenset(PRIORITIES))}


def _terms(value: Value) -> dict[str, str]:
    """The time to answer a supervision, by level."""
    known = frozenset(SUPERVISION_ANSWER)
    return SUPERVISION_ANSWER | {name: _term(each) for name, each in _rows(value, known)}


def _term(value: Value) -> str:
    text = value.text()
    try:
        budget_of(text)
    except ValueError:
        value.flaw("TERM_WRONG", text, "it must be a number and a unit, such as 3 WORKING_DAYS")
    return text


def _pauses(value: Value) -> dict[str, int]:
    """The minutes between two urges, by the kind of the urger."""
    known = frozenset(URGE_PAUSE_MINUTES)
    return URGE_PAUSE_MINUTES | {name: each.number() for name, each in _rows(value, known)}


def _years(value: Value) -> dict[str, int]:
    """The years for which a person in care is kept, by programme."""
    found = dict(CARE_RETENTION_YEARS)
    for name, each in _rows(value, frozenset(CARE_RETENTION_YEARS)):
        found[name] = each.number()
        if found[name] > MOST_YEARS:
            each.flaw("YEARS_WRONG", str(found[name]), f"it must be {MOST_YEARS} at most")
    return found


def _rows(value: Value, known: frozenset[str]) -> list[tuple[str, Value]]:
    """The rows of a table whose keys are among these."""
    rows = value.pairs()
    for name, each in rows:
        if name not in known:
            each.flaw("KEY_UNKNOWN", name, f"known are {', '.join(sorted(known))}")
    return [(name, each) for name, each in rows if name in known]


def _route(value: Value) -> Route:
    texts = {"code": Value.text, "title": Value.text}
    fields = value.fields(
        {**texts, "target": lambda target: target.one_of(TARGETS)},
        {
            "categories": lambda each: each.each(Value.text),
            "priorities": lambda each: each.each(_priority),
            "sources": lambda each: each.each(lambda one: one.one_of(SOURCES)),
            "unit_kind": Value.text,
            "unit": Value.text,
            "level": _level,
            "linkage": Value.truth,
            "send": Value.truth,
        },
    )
    return Route(**{"code": "", "title": "", "target": "", **fields})


def _priority(value: Value) -> str:
    return value.one_of(frozenset(PRIORITIES))


def _level(value: Value) -> Level:
    name = value.one_of(Level.__members__)
    return Level.__members__.get(name, Level.UNSPECIFIED)

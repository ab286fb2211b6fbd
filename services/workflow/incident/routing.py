"""Routing 分流: which unit is responsible 管辖, by the rows of the city's routing table. Pure.

A function of the incident and the policy alone: it may be asked again at any time and explains
itself. Not the citizen but the category and the place decide.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.areas import Level, ancestors, level_of
from backbone.words.city import City, Route, Unit
from backbone.words.competence import competent_unit
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.guards import require_not_accused
from backbone.words.place import contains
from services.workflow.incident import clocks
from services.workflow.incident.record import Due, Incident, Routing, State, without_questions

NAMED_BY_DESK = "desk"
GUESSES = 3


class RouteIncident(Struct, frozen=True):
    """Route 分流, asked for again by a dispatcher."""

    by: Actor


class DesignateUnit(Struct, frozen=True):
    """Designate 指定管辖: where rules or units disagree; binding."""

    by: Actor
    to_unit: str
    reason: str


class IncidentRouted(Struct, frozen=True):
    time: datetime
    routing: Routing


class IncidentLeftInTriage(Struct, frozen=True):
    time: datetime
    routing: Routing


class UnitDesignated(Struct, frozen=True):
    time: datetime
    to_unit: str
    reason: str


class IncidentOffered(Struct, frozen=True):
    time: datetime
    unit: str
    due_time: datetime
    minutes: int
    rule: str
    sender: str = ""


Event = IncidentRouted | IncidentLeftInTriage | UnitDesignated | IncidentOffered


class Explained(Struct, frozen=True):
    """A routing, and the questions that led to it, one line each."""

    routing: Routing
    path: tuple[str, ...]


def route(found: Incident, now: datetime, city: City, named: str = "") -> list[Event]:
    """Offer it to the unit that the desk named, else to the one that the policy chooses."""
    if named:
        require_unit(city, named)
        # Refused, the matter would be lost: what names the accused is decided at the desk.
        unit = "" if is_accused(found, named, city) else named
        chosen = Routing(NAMED_BY_DESK, unit, city.head.version)
    else:
        chosen = explain(found, city).routing
    if not chosen.unit:
        return [IncidentLeftInTriage(now, chosen)]
    return [IncidentRouted(now, chosen), offer(found, chosen.unit, now, city)]


def designate(found: Incident, command: DesignateUnit, now: datetime, city: City) -> list[Event]:
    require_dispatcher(found, command.by)
    require_unit(city, command.to_unit)
    require_not_accused(city, found.against, command.to_unit)
    undecided = found.hand_off or found.pending_return or found.raised_to
    if command.to_unit == found.unit and not undecided:
        raise InvalidArgument("SAME_UNIT", unit=found.unit)
    return [
        UnitDesignated(now, command.to_unit, command.reason),
        offer(found, command.to_unit, now, city),
    ]


def reroute(found: Incident, command: RouteIncident, now: datetime, city: City) -> list[Event]:
    require_dispatcher(found, command.by)
    return route(found, now, city)


def offer(
    found: Incident, unit: str, now: datetime, city: City, sender: str = ""
) -> IncidentOffered:
    """Put it into a unit's pool, with the sign-in clock of its priority."""
    minutes = clocks.sign_in_minutes(found, clocks.require_policy(city))
    rule = f"sign_in_minutes.{found.priority or clocks.DEFAULT_PRIORITY}"
    return IncidentOffered(now, unit, clocks.after(now, minutes), minutes, rule, sender)


def explain(found: Incident, city: City) -> Explained:
    """Ask the rows of the routing table from top to bottom; the first that names a unit decides."""
    path: list[str] = []
    for row in clocks.require_policy(city).routes:
        if not _holds(row, found):
            path.append(f"{row.code}: no")
            continue
        unit = _target(row, found, city)
        path.append(f"{row.code}: {unit or row.target.lower()}")
        if row.target == "TRIAGE" or is_accused(found, unit, city):
            break
        if unit:
            return Explained(Routing(row.code, unit, city.head.version), tuple(path))
    guesses = tuple(_guesses(found, city))
    return Explained(Routing("", "", city.head.version, guesses), tuple(path))


def _holds(row: Route, found: Incident) -> bool:
    by_category = not row.categories or any(
        found.category == each or found.category.startswith(f"{each}.") for each in row.categories
    )
    by_priority = not row.priorities or found.priority in row.priorities
    return by_category and by_priority and (not row.sources or found.source in row.sources)


def _target(row: Route, found: Incident, city: City) -> str:
    match row.target:
        case "UNIT":
            return row.unit
        case "COMPETENT" if found.category and found.area:
            candidates = competent_unit(city, found.category, found.area)
            return candidates[0].unit.code if candidates else ""
        case "UNIT_KIND":
            units = list(_units_of_kind(row, found, city))
            return units[0].code if units else ""
        case _:
            return ""


def _units_of_kind(row: Route, found: Incident, city: City) -> list[Unit]:
    return [
        unit
        for area in ancestors(found.area)
        if row.level in (Level.UNSPECIFIED, level_of(area))
        for unit in city.units_at(row.unit_kind, area)
    ]


def _guesses(found: Incident, city: City) -> list[str]:
    """The best three units for the place or the category alone, each with the reason."""
    by_category = competent_unit(city, found.category, found.area or city.head.code)
    guesses = [(each.unit.code, each.row.code) for each in by_category]
    for area in ancestors(found.area):
        guesses += [(unit.code, area) for unit in city.units_at("township", area)]
    guesses = [each for each in guesses if not is_accused(found, each[0], city)]
    return [f"{unit}: {why}" for unit, why in guesses[:GUESSES]]


def is_accused(found: Incident, unit: str, city: City) -> bool:
    """Say whether the incident must never reach the unit: it is accused, or below the accused."""
    return bool(found.against) and city.belongs_to(unit, found.against)


def require_unit(city: City, unit: str) -> Unit:
    known = city.units.get(unit)
    if known is None:
        raise InvalidArgument("UNKNOWN_UNIT", unit=unit)
    return known


def require_dispatcher(found: Incident, actor: Actor) -> None:
    """A dispatcher of the area, or the superior to whom a question or a bounce was raised."""
    question = found.hand_off or found.pending_return
    raised_to = (found.raised_to, question.raised_to if question else "")
    if actor.unit and actor.unit in raised_to:
        return
    if found.against and actor.unit == found.desk:
        return  # the dispatchers of the area know nothing of an accusation
    if actor.role != "dispatcher" or not contains(actor.area, found.area or actor.area):
        raise Denied("NOT_THE_DISPATCHER", area=found.area)


def evolve(found: Incident, event: Event) -> Incident:
    match event:
        case IncidentRouted():
            return replace(found, routing=event.routing)
        case IncidentLeftInTriage():
            return replace(clocks.stop_all(found), state=State.TRIAGE, routing=event.routing)
        case UnitDesignated():
            return replace(
                clocks.stop_all(without_questions(found)), routing=_designated(found, event)
            )
        case IncidentOffered():
            return _offered(found, event)


def _designated(found: Incident, event: UnitDesignated) -> Routing:
    version = found.routing.policy_version if found.routing else 0
    return Routing("designated", event.to_unit, version)


def _offered(found: Incident, event: IncidentOffered) -> Incident:
    before = found.sender if found.accountable_unit == event.unit else found.accountable_unit
    offered = replace(
        found,
        state=State.OFFERED,
        unit=event.unit,
        unit_time=event.time,
        holder="",
        sender=event.sender or before,
        raised_to="",
    )
    due = Due(clocks.SIGN_IN, event.time, event.due_time, event.minutes, event.rule)
    return clocks.start(clocks.stop_all(offered), due)

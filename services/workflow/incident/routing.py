"""Routing 分流: which unit is responsible 管辖, by the rows of the city's routing table. Pure.

A function of the incident and the policy alone, so a decision can be repeated and explained. Only
category and place decide, never the citizen.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.areas import Level, ancestors, level_of
from backbone.words.city import City, Unit
from backbone.words.competence import competent_unit
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.guards import require_not_accused, require_unit
from backbone.words.policy import Route
from backbone.words.roles import DISPATCHERS, SUPERIORS
from backbone.words.sight import is_kept, watches_over
from services.workflow.incident import clocks
from services.workflow.incident.record import OPEN, Incident, Routing, State
from services.workflow.incident.world import World

NAMED_BY_DESK = "desk"
GUESSES = 3


class RouteIncident(Struct, frozen=True):
    """Route 分流: a dispatcher asks the policy again."""

    by: Actor


class DesignateUnit(Struct, frozen=True):
    """Designate 指定管辖: a binding choice where rules or units disagree."""

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


class Step(Struct, frozen=True):
    """One row of the routing table, and what came of it."""

    rule: str
    title: str
    result: str
    unit: str = ""

    @property
    def line(self) -> str:
        return f"{self.rule}: {self.unit or self.result.lower().replace('_', ' ')}"


class Explained(Struct, frozen=True):
    """A routing and the steps that led to it."""

    routing: Routing
    steps: tuple[Step, ...]

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(step.line for step in self.steps)


def named_by_desk(incident: Incident, unit: str, city: City) -> Routing:
    """The unit that the desk named; no unit if that one is accused: then the desk decides."""
    require_unit(city, unit)
    chosen = "" if is_accused(incident, unit, city) else unit
    return Routing(NAMED_BY_DESK, chosen, city.head.version)


def place(
    incident: Incident, chosen: Routing, now: datetime, world: World
) -> list[IncidentRouted | IncidentLeftInTriage | IncidentOffered]:
    """Offer the incident to the chosen unit; without one it stays in triage."""
    if not chosen.unit:
        return [IncidentLeftInTriage(now, chosen)]
    return [IncidentRouted(now, chosen), offer(incident, chosen.unit, now, world)]


def designate(
    incident: Incident, command: DesignateUnit, now: datetime, world: World
) -> list[UnitDesignated | IncidentOffered]:
    require_chooser(incident, command.by)
    require_unit(world.city, command.to_unit)
    require_not_accused(world.city, incident.matter.against, command.to_unit)
    undecided = incident.questions or incident.charge.raised_to
    if command.to_unit == incident.charge.unit and not undecided:
        raise InvalidArgument("SAME_UNIT", unit=command.to_unit)
    return [
        UnitDesignated(now, command.to_unit, command.reason),
        offer(incident, command.to_unit, now, world),
    ]


def reroute(
    incident: Incident, command: RouteIncident, now: datetime, world: World
) -> list[IncidentRouted | IncidentLeftInTriage | IncidentOffered]:
    require_chooser(incident, command.by)
    return place(incident, explain(incident, world.city).routing, now, world)


def offer(
    incident: Incident, unit: str, now: datetime, world: World, sender: str = ""
) -> IncidentOffered:
    """Put the incident into a unit's pool and start the sign-in clock of its priority."""
    minutes = clocks.sign_in_minutes(incident, world.policy)
    rule = f"sign_in_minutes.{incident.matter.priority or clocks.DEFAULT_PRIORITY}"
    due = now + timedelta(minutes=minutes)
    return IncidentOffered(now, unit, due, minutes, rule, sender)


def explain(incident: Incident, city: City) -> Explained:
    """Match the rows of the routing table in order; the first that yields a unit decides.

    An accusation goes where a row for its class says, and else to a person: who is competent for a
    place is near the accused there, and would read it by chance.
    """
    steps: list[Step] = []
    for row in city.policy.routes if city.policy else ():
        step = _step(row, incident, city)
        steps.append(step)
        if step.result in ("TRIAGE", "ACCUSED"):
            break
        if step.result == "UNIT":
            return Explained(Routing(row.code, step.unit, city.head.version), tuple(steps))
    guesses = tuple(_guesses(incident, city))
    return Explained(Routing("", "", city.head.version, guesses), tuple(steps))


def _step(row: Route, incident: Incident, city: City) -> Step:
    matter = incident.matter
    if not row.holds(matter.category, matter.priority, matter.source):
        return Step(row.code, row.title, "NO_MATCH")
    if matter.against and not row.categories:
        return Step(row.code, row.title, "NOT_FOR_ACCUSATIONS")
    unit = _target(row, incident, city)
    if not unit:
        ends = row.target if row.target in ("TRIAGE", "NEXT") else "NO_UNIT"
        return Step(row.code, row.title, ends)
    accused = is_accused(incident, unit, city)
    return Step(row.code, row.title, "ACCUSED" if accused else "UNIT", unit)


def _target(row: Route, incident: Incident, city: City) -> str:
    match row.target:
        case "UNIT":
            return row.unit
        case "COMPETENT" if incident.matter.category and incident.area:
            candidates = competent_unit(city, incident.matter.category, incident.area)
            return candidates[0].unit.code if candidates else ""
        case "UNIT_KIND":
            units = list(_units_of_kind(row, incident, city))
            return units[0].code if units else ""
        case _:
            return ""


def _units_of_kind(row: Route, incident: Incident, city: City) -> list[Unit]:
    return [
        unit
        for area in ancestors(incident.area)
        if row.level in (Level.UNSPECIFIED, level_of(area))
        for unit in city.units_at(row.unit_kind, area)
    ]


def _guesses(incident: Incident, city: City) -> list[str]:
    """The three best units by place alone or by category alone, each with the reason."""
    by_category = competent_unit(city, incident.matter.category, incident.area or city.head.code)
    guesses = [(each.unit.code, each.row.code) for each in by_category]
    for area in ancestors(incident.area):
        guesses += [(unit.code, area) for unit in city.units_at("township", area)]
    guesses = [each for each in guesses if not is_accused(incident, each[0], city)]
    return [f"{unit}: {why}" for unit, why in guesses[:GUESSES]]


def is_accused(incident: Incident, unit: str, city: City) -> bool:
    """Whether the unit is accused or below the accused, so that the incident must not reach it."""
    return city.is_accused(unit, incident.matter.against)


def require_dispatcher(incident: Incident, actor: Actor) -> None:
    """Allow dispatchers of the area, the desk of a matter that they may not see, and who decides
    for the superior to which a question or bounce was raised.
    """
    raised_to = {incident.charge.raised_to, *(each.raised_to for each in incident.questions)}
    if actor.role in SUPERIORS and actor.unit and actor.unit in raised_to:
        return
    matter = incident.matter
    kept = is_kept(incident.facts.source, matter.against)
    if kept and actor.unit and actor.unit == matter.desk:
        return
    area = incident.area
    source = incident.facts.source
    if actor.role not in DISPATCHERS or not watches_over(actor, source, area or actor.area):
        raise Denied("NOT_THE_DISPATCHER", area=area)


def require_chooser(incident: Incident, actor: Actor) -> None:
    """Allow dispatchers, and those who decide for the unit that has it in triage: it has taken the
    incident back, or has taken it in, and sends it on.

    After too many bounces the superior decides alone.
    """
    charge = incident.charge
    mine = actor.role in SUPERIORS and actor.unit == charge.accountable_unit
    if not (mine and incident.state is State.TRIAGE and not charge.raised_to):
        require_dispatcher(incident, actor)


def routed(incident: Incident, event: IncidentRouted) -> Incident:
    return replace(incident, routing=event.routing)


def left_in_triage(incident: Incident, event: IncidentLeftInTriage) -> Incident:
    return replace(incident, state=State.TRIAGE, routing=event.routing)


def designated(incident: Incident, event: UnitDesignated) -> Incident:
    version = incident.routing.policy_version if incident.routing else 0
    return replace(incident, routing=Routing("designated", event.to_unit, version))


def offered(incident: Incident, event: IncidentOffered) -> Incident:
    """In the unit's pool; the accountable unit stays accountable until a clerk claims."""
    charge = incident.charge
    from_unit = charge.sender if charge.accountable_unit == event.unit else charge.accountable_unit
    pooled = replace(
        charge,
        unit=event.unit,
        unit_time=event.time,
        holder="",
        sender=event.sender or from_unit,
        raised_to="",
        assignment=charge.assignment_to(event.unit),
    )
    waiting = replace(incident, state=State.OFFERED, charge=pooled)
    return clocks.signing_in(waiting, event.time, event.minutes, event.rule)


VERBS = (
    verb({State.TRIAGE}, reroute, "NOT_THE_DISPATCHER"),
    verb(OPEN, designate, "NOT_THE_DISPATCHER", "UNKNOWN_UNIT", "ACCUSED_UNIT", "SAME_UNIT"),
)
CHANGES = (change(routed), change(left_in_triage), change(designated), change(offered))

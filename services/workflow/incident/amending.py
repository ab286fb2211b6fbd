"""Corrections 更正 of the facts: by a receipt's desk, and of the priority on the incident itself.

A correction moves no incident by itself: only one in triage, which no unit has, is routed anew.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.correction import AGAINST, CATEGORY, PERSONS, PLACE, PRIORITY, Correction
from backbone.words.errors import Denied, InvalidArgument
from backbone.words.guards import require_priority, require_text
from backbone.words.heard import HeardDanger, confirmed
from backbone.words.heard_report import HeardReport
from backbone.words.matter import Matter
from backbone.words.roles import DISPATCHERS
from backbone.words.sight import watches_over
from services.workflow.incident import (
    accusing,
    clocks,
    handling_times,
    question,
    reports,
    routing,
)
from services.workflow.incident.handling_times import HandlingTime
from services.workflow.incident.kinds import SIGN_IN
from services.workflow.incident.record import (
    HELD,
    OPEN,
    OVER,
    Incident,
    Report,
    Routing,
    State,
    over,
)
from services.workflow.incident.reports import Told
from services.workflow.incident.world import World

# The facts that the rows of the routing table ask for.
DECIDE_THE_UNIT = frozenset({PLACE, CATEGORY, PRIORITY})
# The ends that another person may undo.
UNDOABLE = frozenset({State.MERGED, State.VOIDED})
# After one of these events, the suggestion was taken or put aside.
ANSWERED = frozenset({"IncidentOffered", "HandOffAccepted", "IncidentResolved"})


class AmendMatter(Struct, frozen=True):
    by: Actor
    correction: Correction


class SetPriority(Struct, frozen=True):
    by: Actor
    priority: str
    reason: str
    confirm_priority: bool = False


class IncidentAmended(Struct, frozen=True, kw_only=True):
    """`matter` are the facts from now on. `due_time` is None where no sign-in clock changes;
    `handling` are the handling clocks that get shorter or begin, `barred` all units that may not
    read it any more. `confirmed` is the danger to life below which a person has set the priority.
    """

    time: datetime
    matter: Matter
    changed: tuple[str, ...] = ()
    receipt: str = ""
    reason: str = ""
    suggested: Routing | None = None
    due_time: datetime | None = None
    minutes: int = 0
    reports: tuple[Report, ...] = ()
    handling: tuple[HandlingTime, ...] = ()
    barred: tuple[str, ...] = ()
    confirmed: HeardDanger | None = None
    heard_reports: tuple[HeardReport, ...] = ()


Event = IncidentAmended | accusing.AccusedWithdrawn | routing.Event


def amend(incident: Incident, command: AmendMatter, now: datetime, world: World) -> list[Event]:
    """Apply what the receipt has corrected since its last correction. A fact that the incident has
    already causes no event."""
    said = command.correction
    if incident.state in OVER:
        return _after_end(incident, said, now, world)
    so_far = reports.told(incident)
    known = so_far.of(said.receipt) or Report(said.receipt, said.code, linked=said.linked)
    late = said.version <= known.version
    left = said.linked and not known.linked and said.version < known.link_version
    if late or left:
        return []
    so_far = so_far.having(replace(known, version=said.version, heard=said.matter.heard))
    persons = tuple(dict.fromkeys((*so_far.matter.persons, *said.matter.persons)))
    so_far = replace(so_far, matter=replace(so_far.matter, persons=persons))
    if said.linked and AGAINST in reports.since(said, known):
        _require_same_accused(incident, said)
    so_far = reports.corrected(so_far, said, known, world.city)
    return facts_after(incident, so_far, now, world, receipt=said.receipt)


def _require_same_accused(incident: Incident, said: Correction) -> None:
    """An accusation stands inside the same accusation alone. The desk refuses any other one."""
    if said.matter.against != incident.matter.against:
        raise Denied("ACCUSATION_APART", against=said.matter.against)


def _after_end(incident: Incident, said: Correction, now: datetime, world: World) -> list[Event]:
    """It begins to accuse a unit: hidden from that one at once, and moved nowhere. Or a caller asks
    for protection: no text names that person any more. Every other fact stays as it was handled,
    unless the end may be undone: what has crossed it would be missing then."""
    so_far = reports.told(incident)
    known = so_far.of(said.receipt) or Report(said.receipt, said.code, linked=said.linked)
    left = said.linked and not known.linked and said.version < known.link_version
    if said.version <= known.version or left:
        return []
    names, may_go_on = reports.since(said, known), incident.state in UNDOABLE
    before, against = incident.matter, said.matter.against
    accuses = AGAINST in names and not said.linked and bool(against) and not before.against
    if not accuses and PERSONS not in names and not may_go_on:
        _refuse_if_over(incident)
    so_far = so_far.having(replace(known, version=said.version))
    if may_go_on and names - {PERSONS, AGAINST}:
        so_far = so_far.having(replace(known, version=said.version, heard=said.matter.heard))
        so_far = reports.composed(reports.corrected(so_far, said, known, world.city))
    persons = tuple(dict.fromkeys((*before.persons, *said.matter.persons)))
    accused = against if accuses else before.against
    matter = replace(so_far.matter, against=accused, persons=persons)
    return [
        IncidentAmended(
            time=now,
            matter=matter,
            changed=reports.changed(before, matter),
            receipt=said.receipt,
            suggested=incident.suggested,
            reports=reports.fresh(incident.reports, so_far),
            barred=accusing.barred_by(incident, accused, world) if accuses else (),
        )
    ]


def set_priority(
    incident: Incident, command: SetPriority, now: datetime, world: World
) -> list[Event]:
    require_may_set_priority(incident, command.by)
    priority = require_priority(command.priority)
    reason = require_text(command.reason, "REASON_MISSING")
    if priority == incident.matter.priority:
        raise InvalidArgument("SAME_PRIORITY", priority=priority)
    word = None
    if priority > incident.matter.priority:
        heard = reports.heard_of(incident, world.city)
        word = confirmed(heard, priority, command.confirm_priority)
    matter = replace(incident.matter, priority=priority)
    event = IncidentAmended(time=now, matter=matter, reason=reason, confirmed=word)
    return carried_out(incident, event, world)


def require_may_set_priority(incident: Incident, actor: Actor) -> None:
    """Allow the holder, the desk that took it, and the dispatchers of the area."""
    charge, desk = incident.charge, incident.matter.desk
    holds = incident.state in HELD and (actor.unit, actor.user) == (charge.unit, charge.holder)
    at_desk = bool(actor.unit) and actor.unit == desk
    area = incident.area or actor.area
    source = incident.facts.source
    dispatches = actor.role in DISPATCHERS and watches_over(actor, source, area)
    if not (holds or at_desk or dispatches):
        raise Denied("MAY_NOT_SET_PRIORITY", role=actor.role)


def facts_after(
    incident: Incident, so_far: Told, now: datetime, world: World, receipt: str
) -> list[Event]:
    """The correction that makes these the facts; one that only the record needs is told too."""
    after = reports.composed(so_far)
    fresh = reports.fresh(incident.reports, after)
    event = IncidentAmended(time=now, matter=after.matter, receipt=receipt, reports=fresh)
    return carried_out(incident, event, world)


def carried_out(incident: Incident, event: IncidentAmended, world: World) -> list[Event]:
    """The correction to the facts of the event, and what follows of it for unit and clock."""
    names = reports.changed(incident.matter, event.matter)
    after = replace(incident, matter=event.matter)
    chosen = _chosen_anew(incident, after, names, world)
    barred = accusing.barred_by(incident, event.matter.against, world)
    waits = incident.state in (State.TRIAGE, State.REPORTED) and not incident.charge.raised_to
    minutes = _shorter_sign_in(incident, after, world)
    clock = clocks.running(incident, SIGN_IN)
    whole = replace(
        event,
        changed=names,
        suggested=None if waits else _suggested(incident, chosen),
        due_time=question.due_after(clock.start_time, minutes) if clock and minutes else None,
        minutes=minutes,
        handling=handling_times.sooner(incident, after, world.policy),
        barred=barred,
        heard_reports=reports.heard_reports(incident, event.reports),
    )
    if leaves := accusing.withdrawn(incident, barred, event.time):
        return [whole, *leaves]
    if chosen is None or not waits:
        return [whole]
    return [whole, *routing.place(after, chosen, event.time, world)]


def _chosen_anew(
    before: Incident, after: Incident, names: tuple[str, ...], world: World
) -> Routing | None:
    """The present choice of the policy, where the correction changes it; else None."""
    if not DECIDE_THE_UNIT & set(names):
        return None
    now = routing.explain(after, world.city).routing
    return now if now.unit != routing.explain(before, world.city).routing.unit else None


def _suggested(incident: Incident, chosen: Routing | None) -> Routing | None:
    if chosen is None:
        return incident.suggested
    return chosen if chosen.unit not in ("", incident.charge.unit) else None


def _shorter_sign_in(before: Incident, after: Incident, world: World) -> int:
    """The minutes of the new priority, where the running clock has more; else 0."""
    clock = clocks.running(before, SIGN_IN)
    if clock is None or before.matter.priority == after.matter.priority:
        return 0
    minutes = clocks.sign_in_minutes(after, world.policy)
    return minutes if minutes < clock.budget.amount else 0


def require_priority_open(incident: Incident, command: SetPriority) -> None:
    require_may_set_priority(incident, command.by)
    _refuse_if_over(incident)


def _refuse_if_over(incident: Incident) -> None:
    if incident.state in OVER:
        raise over(incident)


def amended(incident: Incident, event: IncidentAmended) -> Incident:
    so_far = reports.told(incident) if event.reports else None
    for each in event.reports:
        so_far = so_far.having(each) if so_far else None
    after = replace(
        incident,
        matter=replace(event.matter, to_unit=""),
        suggested=event.suggested,
        reports=so_far.reports if so_far else incident.reports,
    )
    after = accusing.barring(handling_times.hastened(after, event.handling), event.barred)
    if not event.minutes:
        return after
    priority = event.matter.priority or clocks.DEFAULT_PRIORITY
    return clocks.shortened(after, SIGN_IN, f"sign_in_minutes.{priority}", event.minutes)


def answered_by(incident: Incident, event: str) -> Incident:
    """The incident without its suggestion, if the event takes it or puts it aside."""
    if incident.suggested is None or event not in ANSWERED:
        return incident
    return replace(incident, suggested=None)


VERBS = (
    verb(
        OPEN | OVER | {State.SUSPENDED, State.RESOLVED},
        amend,
        "ACCUSATION_APART",
        "INCIDENT_MERGED",
        "INCIDENT_OVER",
    ),
    verb(
        OPEN | {State.SUSPENDED},
        set_priority,
        "MAY_NOT_SET_PRIORITY",
        "INCIDENT_MERGED",
        "INCIDENT_OVER",
        "UNKNOWN_PRIORITY",
        "DANGER_UNCONFIRMED",
        "SAME_PRIORITY",
        "REASON_MISSING",
        otherwise=require_priority_open,
    ),
)
CHANGES = (change(amended),)

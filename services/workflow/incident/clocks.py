"""Clocks 时限 of an incident: starting one, the one that fires next, and the mark of a lapse."""

from datetime import UTC, datetime

from msgspec.structs import replace

from backbone.words.city import Policy
from backbone.words.clock import LAPSE, Clock, Term
from backbone.words.timekeeping import Firing, Happening, after_event, fire, first_firing, start
from backbone.words.working_time import Budget, Unit
from services.workflow.incident.kinds import CLOCKS, SIGN_IN, SILENT_WHILE_ASKED, STOPPED_BY
from services.workflow.incident.record import Incident

DEFAULT_PRIORITY = "P3"


def started(incident: Incident, kind: str, rule: str, at: datetime, minutes: int) -> Incident:
    """The incident with one more clock; its id is its kind and the moment of its start."""
    term = Term(rule, Budget(minutes, Unit.MINUTES))
    clock = start(id_of(kind, at), CLOCKS[kind], term, "", at)
    return replace(incident, clocks=(*incident.clocks, clock))


def id_of(kind: str, at: datetime) -> str:
    """Of one kind one clock at most starts at one moment of one incident."""
    return f"{kind}@{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def signing_in(incident: Incident, at: datetime, minutes: int, rule: str = "") -> Incident:
    """The incident with the clock of its priority for signing in."""
    priority = incident.matter.priority or DEFAULT_PRIORITY
    return started(incident, SIGN_IN, rule or f"sign_in_minutes.{priority}", at, minutes)


def ended_by(incident: Incident, event: str, at: datetime) -> Incident:
    """The incident without the clocks that the event stops.

    A clock of an unknown kind was started by a newer process: it stays, and silences no other.
    """
    if not any(each.kind in STOPPED_BY.get(event, ()) for each in incident.clocks):
        return incident
    ours = (each for each in incident.clocks if each.kind in CLOCKS)
    after = {each.id: each for each in after_event(ours, Happening(event, at), CLOCKS)}
    left = (after.get(each.id, each) for each in incident.clocks)
    return replace(incident, clocks=tuple(each for each in left if each.stop_time is None))


def next_due(incident: Incident) -> tuple[Clock, Firing] | None:
    """The clock that fires next, and when. A clock of an unknown kind silences no other."""
    silent = SILENT_WHILE_ASKED if incident.questions else frozenset()
    heard = (each for each in incident.clocks if each.kind in CLOCKS and each.kind not in silent)
    return first_firing(heard)


def has_lapsed(incident: Incident, kind: str) -> bool:
    return any(each.kind == kind and each.lapse_time for each in incident.clocks)


def lapsed(incident: Incident, kind: str, clock_id: str, at: datetime) -> Incident:
    """The incident whose clock is marked as lapsed; events of 0.1.0 name no clock: its kind's."""
    marked = (
        fire(each, LAPSE, at) if each.kind == kind and clock_id in (each.id, "") else each
        for each in incident.clocks
    )
    return replace(incident, clocks=tuple(marked))


def sign_in_minutes(incident: Incident, policy: Policy) -> int:
    minutes = policy.sign_in_minutes
    return minutes.get(incident.matter.priority, minutes[DEFAULT_PRIORITY])

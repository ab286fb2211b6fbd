"""Clocks 时限 of an incident: starting, ending, the next to fire, and marking a lapse."""

from datetime import UTC, datetime

from msgspec.structs import replace

from backbone.words.clock import LAPSE, Clock, Term
from backbone.words.policy import Policy
from backbone.words.timekeeping import Firing, Happening, after_event, fire, first_firing, start
from backbone.words.working_time import Budget, Unit
from services.workflow.incident.kinds import CLOCKS, SIGN_IN, SILENT_WHILE_ASKED, STOPPED_BY
from services.workflow.incident.record import Incident

DEFAULT_PRIORITY = "P3"


def started(incident: Incident, kind: str, rule: str, at: datetime, minutes: int) -> Incident:
    """The incident with one more clock; its id is made of its kind and its start."""
    term = Term(rule, Budget(minutes, Unit.MINUTES))
    clock = start(id_of(kind, at), CLOCKS[kind], term, "", at)
    return replace(incident, clocks=(*incident.clocks, clock))


def id_of(kind: str, at: datetime) -> str:
    """The id; unique, as an incident starts at most one clock of a kind at a time."""
    return f"{kind}@{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def signing_in(incident: Incident, at: datetime, minutes: int, rule: str = "") -> Incident:
    """The incident with a sign-in clock, whose budget depends on the priority."""
    priority = incident.matter.priority or DEFAULT_PRIORITY
    return started(incident, SIGN_IN, rule or f"sign_in_minutes.{priority}", at, minutes)


def shortened(incident: Incident, kind: str, rule: str, minutes: int) -> Incident:
    """The incident with a smaller budget for its clock of this kind, which started when it did."""
    budget = Term(rule, Budget(minutes, Unit.MINUTES))
    clocks = (
        start(each.id, CLOCKS[kind], budget, each.about, each.start_time)
        if each.kind == kind and each.lapse_time is None
        else each
        for each in incident.clocks
    )
    return replace(incident, clocks=tuple(clocks))


def running(incident: Incident, kind: str) -> Clock | None:
    """The clock of this kind that has not lapsed, or None."""
    return next((e for e in incident.clocks if e.kind == kind and e.lapse_time is None), None)


def ended_by(incident: Incident, event: str, at: datetime) -> Incident:
    """The incident without the clocks that the event stops.

    A clock of an unknown kind was started by a newer process: it stays.
    """
    if not any(each.kind in STOPPED_BY.get(event, ()) for each in incident.clocks):
        return incident
    ours = (each for each in incident.clocks if each.kind in CLOCKS)
    after = {each.id: each for each in after_event(ours, Happening(event, at), CLOCKS)}
    left = (after.get(each.id, each) for each in incident.clocks)
    return replace(incident, clocks=tuple(each for each in left if each.stop_time is None))


def heard(incident: Incident) -> list[Clock]:
    """The clocks that may fire now; one of an unknown kind silences no other.

    Raises no error for an unknown kind: a newer process has started it, and knows what follows.
    """
    silent = SILENT_WHILE_ASKED if incident.questions else frozenset()
    return [each for each in incident.clocks if each.kind in CLOCKS and each.kind not in silent]


def next_due(incident: Incident) -> tuple[Clock, Firing] | None:
    """The clock that fires next, and when."""
    return first_firing(heard(incident))


def has_lapsed(incident: Incident, kind: str) -> bool:
    return any(each.kind == kind and each.lapse_time for each in incident.clocks)


def lapsed(incident: Incident, kind: str, clock_id: str, at: datetime) -> Incident:
    """The incident with the clock marked as lapsed; 0.1.0 events give only its kind."""
    marked = (
        fire(each, LAPSE, at) if each.kind == kind and clock_id in (each.id, "") else each
        for each in incident.clocks
    )
    return replace(incident, clocks=tuple(marked))


def sign_in_minutes(incident: Incident, policy: Policy) -> int:
    minutes = policy.sign_in_minutes
    return minutes.get(incident.matter.priority, minutes[DEFAULT_PRIORITY])

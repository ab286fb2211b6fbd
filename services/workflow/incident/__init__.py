"""The incident's life cycle in one table; the use cases beside it say what each move means."""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.errors import InvalidTransition, NotFound
from backbone.words.sight import sees
from services.workflow.incident import (
    claim,
    clocks,
    closing,
    giveback,
    handling,
    handoff,
    record,
    routing,
)
from services.workflow.incident.claim import ClaimIncident, ReleaseIncident
from services.workflow.incident.clocks import Lapse, SignInLapsed
from services.workflow.incident.closing import (
    CloseIncident,
    ReworkIncident,
    VerifyIncident,
    VoidIncident,
)
from services.workflow.incident.giveback import AcceptReturn, RejectReturn, RequestReturn
from services.workflow.incident.handling import AssignIncident, ReportProgress, ResolveIncident
from services.workflow.incident.handoff import AcceptHandOff, HandOffIncident, RefuseHandOff
from services.workflow.incident.record import (
    HELD,
    OPEN,
    POOLED_OR_HELD,
    Incident,
    IncidentOpened,
    OpenIncident,
    State,
)
from services.workflow.incident.routing import DesignateUnit, RouteIncident

Move = (
    RouteIncident
    | DesignateUnit
    | ClaimIncident
    | ReleaseIncident
    | RequestReturn
    | AcceptReturn
    | RejectReturn
    | HandOffIncident
    | AcceptHandOff
    | RefuseHandOff
    | AssignIncident
    | ReportProgress
    | ResolveIncident
    | VerifyIncident
    | ReworkIncident
    | CloseIncident
    | VoidIncident
    | Lapse
)
Command = OpenIncident | Move
Event = (
    IncidentOpened
    | routing.Event
    | claim.Event
    | handoff.Event
    | giveback.Event
    | handling.Event
    | closing.Event
    | SignInLapsed
)

ALLOWED_FROM: dict[type[Move], frozenset[State]] = {
    RouteIncident: frozenset({State.TRIAGE}),
    DesignateUnit: OPEN,
    ClaimIncident: frozenset({State.OFFERED}),
    ReleaseIncident: HELD,
    RequestReturn: POOLED_OR_HELD,
    AcceptReturn: POOLED_OR_HELD,
    RejectReturn: POOLED_OR_HELD,
    HandOffIncident: HELD,
    AcceptHandOff: HELD,
    RefuseHandOff: HELD,
    AssignIncident: OPEN,
    ReportProgress: HELD,
    ResolveIncident: HELD,
    VerifyIncident: frozenset({State.RESOLVED}),
    ReworkIncident: frozenset({State.RESOLVED}),
    CloseIncident: frozenset({State.RESOLVED}),
    VoidIncident: OPEN,
    Lapse: POOLED_OR_HELD,
}


def decide(found: Incident | None, command: Command, now: datetime, city: City) -> list[Event]:
    """Return the events that the command causes, or raise a Refusal.

    `city` is the policy of this moment: units, competences, routing table, minutes.
    """
    if isinstance(command, OpenIncident):
        opened = record.open_incident(found, command, now)
        first = record.opened(opened)
        return [opened, *routing.route(first, now, city, command.matter.to_unit)]
    if found is None:
        raise NotFound("NO_SUCH_INCIDENT")
    _require_may_see(found, command)
    _require_allowed(found, command)
    return _moved(found, command, now, city)


def _require_may_see(found: Incident, command: Move) -> None:
    """What is outside somebody's scope does not exist for them; a clock is nobody.

    Of an accusation nobody hears who has nothing to do with it, not even a refusal.
    """
    if isinstance(command, Lapse) or sees(command.by, found.involved, found.watched_area):
        return
    raise NotFound("NO_SUCH_INCIDENT")


def _require_allowed(found: Incident, command: Move) -> None:
    if found.state in ALLOWED_FROM[type(command)]:
        return
    if isinstance(command, ClaimIncident):
        claim.require_unclaimed(found)
    raise InvalidTransition("INVALID_TRANSITION", command=type(command).__name__, state=found.state)


def _moved(  # noqa: C901  # one arm a command
    found: Incident, command: Move, now: datetime, city: City
) -> list[Event]:
    match command:
        case RouteIncident():
            return [*routing.reroute(found, command, now, city)]
        case DesignateUnit():
            return [*routing.designate(found, command, now, city)]
        case ClaimIncident():
            return [claim.claim(found, command, now, city)]
        case ReleaseIncident():
            return [claim.release(found, command, now, city)]
        case RequestReturn():
            return [giveback.ask(found, command, now, city)]
        case HandOffIncident():
            return [handoff.offer(found, command, now, city)]
        case AssignIncident():
            return [*handling.assign(found, command, now, city)]
        case ReworkIncident():
            return [closing.rework(found, command, now, city)]
        case Lapse():
            return [clocks.lapse(found, now, city)]
        case AcceptReturn():
            return [giveback.accept(found, command, now, city)]
        case RejectReturn():
            return [giveback.reject(found, command, now)]
        case AcceptHandOff():
            return [handoff.accept(found, command, now, city)]
        case RefuseHandOff():
            return [handoff.refuse(found, command, now, city)]
        case ReportProgress():
            return [handling.report(found, command, now)]
        case ResolveIncident():
            return [handling.resolve(found, command, now)]
        case VerifyIncident():
            return [closing.verify(found, command, now)]
        case CloseIncident():
            return [closing.close(found, command, now)]
        case VoidIncident():
            return [closing.void(found, command, now)]
        case _:
            assert_never(command)


def evolve(found: Incident | None, event: Event) -> Incident:
    """Return the incident after the event: the next version, at the event's time."""
    after = _after(found, event)
    due = clocks.next_due(after)
    return replace(
        after,
        version=after.version + 1,
        time=event.time,
        due_time=due.due_time if due else None,
        waits_for=_waits_for(after),
        involved=_involved(after),
    )


def _after(found: Incident | None, event: Event) -> Incident:  # noqa: C901  # one a use case
    if isinstance(event, IncidentOpened):
        return record.opened(event)
    assert found is not None, "every event but the first has an incident"
    if isinstance(event, routing.Event):
        return routing.evolve(found, event)
    if isinstance(event, claim.Event):
        return claim.evolve(found, event)
    if isinstance(event, handoff.Event):
        return handoff.evolve(found, event)
    if isinstance(event, giveback.Event):
        return giveback.evolve(found, event)
    if isinstance(event, handling.Event):
        return handling.evolve(found, event)
    if isinstance(event, closing.Event):
        return closing.evolve(found, event)
    if isinstance(event, SignInLapsed):
        return clocks.mark_lapsed(found, clocks.SIGN_IN, event.time)
    assert_never(event)


def _waits_for(found: Incident) -> tuple[str, ...]:
    """The units in whose inbox it stands: who must do something next."""
    if found.state in (State.CLOSED, State.VOIDED, State.MERGED):
        return ()
    if found.state in (State.TRIAGE, State.REPORTED):
        return _distinct([found.accountable_unit, found.raised_to])
    if found.state is State.RESOLVED:
        return (found.desk,)
    units = [found.unit, found.raised_to]
    for question in (found.hand_off, found.pending_return):
        if question is not None:
            units += [question.to_unit, question.raised_to]
    if any(due.clock == clocks.SIGN_IN and due.lapse_time for due in found.due):
        units.append(found.desk)
    return _distinct(units)


def _involved(found: Incident) -> tuple[str, ...]:
    """Every unit that has had to do with it may read it."""
    units = [*found.involved, found.desk, found.accountable_unit, found.assigned_by]
    return _distinct([*units, *_waits_for(found)])


def _distinct(units: list[str]) -> tuple[str, ...]:
    return tuple(unit for unit in dict.fromkeys(units) if unit)

"""The dispute's life cycle in one table; the use cases beside it say what each move means."""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.errors import InvalidTransition, NotFound
from backbone.words.followed import FollowIncident, follow
from backbone.words.sight import sees
from services.dispute.dispute import acceptance, handling, mediation
from services.dispute.dispute import record as dispute
from services.dispute.dispute.acceptance import AcceptDispute, RefuseDispute
from services.dispute.dispute.handling import (
    CloseDispute,
    NameParties,
    RevealParties,
    RouteDispute,
)
from services.dispute.dispute.mediation import FailMediation, HoldSession, RecordAgreement
from services.dispute.dispute.record import Dispute, DisputeRegistered, RegisterDispute, State

Move = (
    NameParties
    | AcceptDispute
    | RefuseDispute
    | RouteDispute
    | HoldSession
    | RecordAgreement
    | FailMediation
    | CloseDispute
    | RevealParties
)
Command = RegisterDispute | Move | FollowIncident
Event = DisputeRegistered | acceptance.Event | handling.Event | mediation.Event

OPEN = frozenset({State.ACCEPTED, State.ROUTED, State.MEDIATING})
ALLOWED_FROM: dict[type[Move], frozenset[State]] = {
    NameParties: OPEN | {State.REGISTERED},
    AcceptDispute: frozenset({State.REGISTERED}),
    RefuseDispute: frozenset({State.REGISTERED}),
    RouteDispute: frozenset({State.ACCEPTED}),
    HoldSession: OPEN,
    RecordAgreement: OPEN,
    FailMediation: OPEN,
    CloseDispute: frozenset({State.AGREED, State.FAILED}),
    RevealParties: frozenset(State),
}


def decide(found: Dispute | None, command: Command, now: datetime, city: City) -> list[Event]:
    """Return the events that the command causes, or raise a Refusal."""
    if isinstance(command, RegisterDispute):
        return [dispute.register(found, command, now, city)]
    if found is None:
        raise NotFound("NO_SUCH_DISPUTE")
    if isinstance(command, FollowIncident):
        return [*follow(found.incident, command, now)]
    if not sees(command.by, found.units, found.area):
        raise NotFound("NO_SUCH_DISPUTE")
    if found.state not in ALLOWED_FROM[type(command)]:
        name = type(command).__name__
        raise InvalidTransition("INVALID_TRANSITION", command=name, state=found.state)
    return [_moved(found, command, now, city)]


def _moved(  # noqa: C901  # one arm a command
    found: Dispute, command: Move, now: datetime, city: City
) -> Event:
    match command:
        case NameParties():
            return handling.name_parties(found, command, now)
        case AcceptDispute():
            return acceptance.accept(found, command, now)
        case RefuseDispute():
            return acceptance.refuse(found, command, now)
        case RouteDispute():
            return handling.route(found, command, now, city)
        case HoldSession():
            return mediation.hold_session(found, command, now)
        case RecordAgreement():
            return mediation.agree(found, command, now)
        case FailMediation():
            return mediation.fail(found, command, now)
        case CloseDispute():
            return handling.close(found, command, now)
        case RevealParties():
            return handling.reveal(found, command, now)
        case _:
            assert_never(command)


def evolve(found: Dispute | None, event: Event) -> Dispute:
    """Return the dispute after the event: the next version, at the event's time."""
    after = _after(found, event)
    return replace(after, version=after.version + 1, time=event.time)


def _after(found: Dispute | None, event: Event) -> Dispute:
    if isinstance(event, DisputeRegistered):
        return dispute.registered(event)
    assert found is not None, "every event but the first has a dispute"
    if isinstance(event, acceptance.Event):
        return acceptance.evolve(found, event)
    if isinstance(event, handling.Event):
        return handling.evolve(found, event)
    if isinstance(event, mediation.Event):
        return mediation.evolve(found, event)
    assert_never(event)

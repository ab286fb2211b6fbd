"""The care case's life cycle in one table; the use cases beside it say what each move means."""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.errors import InvalidTransition, NotFound
from services.population.care_case import clocks, ending, handover, needs, visits
from services.population.care_case import record as care_case
from services.population.care_case.clocks import Lapse
from services.population.care_case.ending import EndCareCase, RevealPerson, SealCareCase
from services.population.care_case.handover import EntrustCareCase, ReceiveCareCase, SetCareClass
from services.population.care_case.needs import FollowService, RecordServiceResult, RequestService
from services.population.care_case.record import (
    CareCase,
    CareCaseRegistered,
    RegisterCareCase,
    State,
    has_sent,
    is_entrusted,
)
from services.population.care_case.visits import PlanVisit, RecordVisit

Move = (
    ReceiveCareCase
    | EntrustCareCase
    | SetCareClass
    | PlanVisit
    | RecordVisit
    | RequestService
    | RecordServiceResult
    | EndCareCase
    | SealCareCase
    | RevealPerson
)
Command = RegisterCareCase | Move | FollowService | Lapse
Event = CareCaseRegistered | handover.Event | visits.Event | needs.Event | ending.Event

CARED_FOR = frozenset({State.ACTIVE})
ALLOWED_FROM: dict[type[Move], frozenset[State]] = {
    ReceiveCareCase: frozenset({State.SENT}),
    EntrustCareCase: CARED_FOR,
    SetCareClass: CARED_FOR,
    PlanVisit: CARED_FOR,
    RecordVisit: CARED_FOR,
    RequestService: CARED_FOR,
    RecordServiceResult: CARED_FOR,
    EndCareCase: CARED_FOR | {State.SENT},
    SealCareCase: frozenset({State.ENDED}),
    RevealPerson: frozenset(State) - {State.SEALED},
}


def decide(found: CareCase | None, command: Command, now: datetime, city: City) -> list[Event]:
    """Return the events that the command causes, or raise a Refusal."""
    if isinstance(command, RegisterCareCase):
        return [care_case.register(found, command, now, city)]
    if found is None:
        raise NotFound("NO_SUCH_CARE_CASE")
    if isinstance(command, FollowService):
        return [*needs.follow_service(found, command, now)]
    if isinstance(command, Lapse):
        return [*clocks.lapse(found, now)]
    if not (is_entrusted(found, command.by) or has_sent(found, command.by)):
        raise NotFound("NO_SUCH_CARE_CASE")
    if found.state not in ALLOWED_FROM[type(command)]:
        name = type(command).__name__
        raise InvalidTransition("INVALID_TRANSITION", command=name, state=found.state)
    return [_moved(found, command, now, city)]


def _moved(  # noqa: C901  # one arm a command
    found: CareCase, command: Move, now: datetime, city: City
) -> Event:
    match command:
        case ReceiveCareCase():
            return handover.receive(found, command, now, city)
        case EntrustCareCase():
            return handover.entrust(found, command, now, city)
        case SetCareClass():
            return handover.set_class(found, command, now)
        case PlanVisit():
            return visits.plan(found, command, now)
        case RecordVisit():
            return visits.record(found, command, now)
        case RequestService():
            return needs.request(found, command, now, city)
        case RecordServiceResult():
            return needs.record_result(found, command, now)
        case EndCareCase():
            return ending.end(found, command, now)
        case SealCareCase():
            return ending.seal(found, command, now)
        case RevealPerson():
            return ending.reveal(found, command, now)
        case _:
            assert_never(command)


def evolve(found: CareCase | None, event: Event) -> CareCase:
    """Return the case after the event: the next version, at the event's time."""
    after = _after(found, event)
    due = clocks.next_due(after)
    return replace(after, version=after.version + 1, time=event.time, due_time=due)


def _after(found: CareCase | None, event: Event) -> CareCase:
    if isinstance(event, CareCaseRegistered):
        return care_case.registered(event)
    assert found is not None, "every event but the first has a case"
    if isinstance(event, handover.Event):
        return handover.evolve(found, event)
    if isinstance(event, visits.Event):
        return visits.evolve(found, event)
    if isinstance(event, needs.Event):
        return needs.evolve(found, event)
    if isinstance(event, ending.Event):
        return ending.evolve(found, event)
    assert_never(event)

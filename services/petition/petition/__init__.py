"""The petition's life cycle in one table; the use cases beside it say what each move means."""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidTransition, NotFound
from backbone.words.followed import FollowIncident, follow
from backbone.words.sight import WATCHERS, sees
from services.petition.petition import acceptance, disclosure, handling
from services.petition.petition import record as petition
from services.petition.petition.acceptance import AcceptPetition, DeclinePetition, ReferPetition
from services.petition.petition.disclosure import PetitionerRevealed, RevealPetitioner
from services.petition.petition.handling import (
    ClosePetition,
    RecordProgress,
    ReplyPetition,
    RoutePetition,
)
from services.petition.petition.record import (
    Petition,
    PetitionRegistered,
    RegisterPetition,
    State,
)

Move = (
    AcceptPetition
    | DeclinePetition
    | ReferPetition
    | RoutePetition
    | RecordProgress
    | ReplyPetition
    | ClosePetition
    | RevealPetitioner
)
Command = RegisterPetition | Move | FollowIncident
Event = PetitionRegistered | acceptance.Event | handling.Event | PetitionerRevealed

# Petition history is invisible to the 110 desk.
WATCHING = WATCHERS - {"dispatcher"}
OPEN = frozenset({State.ACCEPTED, State.ASSIGNED, State.HANDLING})
ALLOWED_FROM: dict[type[Move], frozenset[State]] = {
    AcceptPetition: frozenset({State.REGISTERED}),
    DeclinePetition: frozenset({State.REGISTERED}),
    ReferPetition: frozenset({State.REGISTERED, State.ACCEPTED}),
    RoutePetition: frozenset({State.ACCEPTED}),
    RecordProgress: OPEN,
    ReplyPetition: OPEN,
    ClosePetition: frozenset({State.REPLIED}),
    RevealPetitioner: frozenset(State),
}


def decide(found: Petition | None, command: Command, now: datetime, city: City) -> list[Event]:
    """Return the events that the command causes, or raise a Refusal."""
    if isinstance(command, RegisterPetition):
        return [petition.register(found, command, now, city)]
    if found is None:
        raise NotFound("NO_SUCH_PETITION")
    if isinstance(command, FollowIncident):
        return [*follow(found.incident, command, now)]
    if not may_see(found, command.by):
        raise NotFound("NO_SUCH_PETITION")
    if found.state not in ALLOWED_FROM[type(command)]:
        name = type(command).__name__
        raise InvalidTransition("INVALID_TRANSITION", command=name, state=found.state)
    return [_moved(found, command, now, city)]


def may_see(found: Petition, actor: Actor) -> bool:
    """What may be an accusation stays with the units involved: any watcher may be the accused."""
    accused = petition.accused(found)
    if not accused:
        return sees(actor, found.units, found.area, WATCHING)
    return actor.unit in found.units and (actor.unit == found.desk or actor.unit != accused)


def _moved(  # noqa: C901  # one arm a command
    found: Petition, command: Move, now: datetime, city: City
) -> Event:
    match command:
        case AcceptPetition():
            return acceptance.accept(found, command, now)
        case DeclinePetition():
            return acceptance.decline(found, command, now)
        case ReferPetition():
            return acceptance.refer(found, command, now)
        case RoutePetition():
            return handling.route(found, command, now, city)
        case RecordProgress():
            return handling.record_progress(found, command, now)
        case ReplyPetition():
            return handling.reply(found, command, now)
        case ClosePetition():
            return handling.close(found, command, now)
        case RevealPetitioner():
            return disclosure.reveal(found, command, now)
        case _:
            assert_never(command)


def evolve(found: Petition | None, event: Event) -> Petition:
    """Return the petition after the event: the next version, at the event's time."""
    after = _after(found, event)
    return replace(after, version=after.version + 1, time=event.time)


def _after(found: Petition | None, event: Event) -> Petition:
    if isinstance(event, PetitionRegistered):
        return petition.registered(event)
    assert found is not None, "every event but the first has a petition"
    if isinstance(event, acceptance.Event):
        return acceptance.evolve(found, event)
    if isinstance(event, handling.Event):
        return handling.evolve(found, event)
    if isinstance(event, PetitionerRevealed):
        return found
    assert_never(event)

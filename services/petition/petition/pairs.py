"""Pairs 联动: the incident moves, and the petition moves with it; the way there is workflow's
`settling`. ARCHITECTURE shows the table.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.city import City
from backbone.words.errors import InvalidTransition
from backbone.words.followed import (
    BEGINS_AGAIN,
    CLOSED,
    PENDING,
    VOIDED,
    FollowIncident,
    follow,
)
from services.petition.petition.handling import PetitionClosed, PetitionReplied
from services.petition.petition.record import ANY, OPEN, OVER, Petition, State
from services.petition.petition.routing import WORKED_ON

# Where its incident was filed without words of the unit.
FILED = "所反映事项已办结归档。"


class PetitionTakenBack(Struct, frozen=True):
    """Its incident was voided: the desk has it again, and replies or refers it."""

    time: datetime


class PetitionReopened(Struct, frozen=True):
    """Its incident goes on, after a call-back or after a void was undone."""

    time: datetime


def follow_incident(
    petition: Petition, command: FollowIncident, now: datetime, city: City
) -> list[Any]:
    steps = follow(petition.handling.incident, command, now)
    moves = (_moved(petition, each.step, each.incident, now) for each in steps)
    return [*steps, *(event for move in moves for event in move)]


def _moved(petition: Petition, step: str, incident: Any, now: datetime) -> list[Any]:
    """The event that follows from the state of the incident, if the petition is not as far yet.

    The reply of the unit that was verified by the call-back is the reply to the petitioner, as
    where the desk replies without words of its own.
    """
    state = petition.state
    if state in OVER:
        return []
    if incident.state == CLOSED:
        reply = PetitionReplied(now, incident.reply or FILED)
        return [*([] if state is State.REPLIED else [reply]), PetitionClosed(now)]
    if incident.state == VOIDED:
        return [PetitionTakenBack(now)] if state in OPEN - {State.ACCEPTED} else []
    undone = state is State.ACCEPTED and incident.state != PENDING
    again = state is State.REPLIED and step in BEGINS_AGAIN
    return [PetitionReopened(now)] if undone or again else []


def require_handed_out(petition: Petition) -> None:
    """Raises NOTHING_TO_URGE or NOT_HANDED_OUT for a petition without an incident: it has been
    dealt with, or no unit has it yet. The incident itself answers for all others.
    """
    if petition.handling.incident is not None:
        return
    if petition.state in OVER | {State.REPLIED}:
        raise InvalidTransition("NOTHING_TO_URGE", state=petition.state)
    raise InvalidTransition("NOT_HANDED_OUT", state=petition.state)


def taken_back(petition: Petition, event: PetitionTakenBack) -> Petition:
    return replace(petition, state=State.ACCEPTED)


def reopened(petition: Petition, event: PetitionReopened) -> Petition:
    incident = petition.handling.incident
    worked_on = incident is not None and incident.state in WORKED_ON
    return replace(petition, state=State.HANDLING if worked_on else State.ASSIGNED, ending=None)


VERBS = (verb(ANY, follow_incident, "NOT_ROUTED"),)
CHANGES = (change(taken_back), change(reopened))

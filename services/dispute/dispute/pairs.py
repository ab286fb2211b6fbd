"""Pairs 联动: the incident moves, and the dispute moves with it; the way there is workflow's
`settling`. ARCHITECTURE shows the table.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.city import City
from backbone.words.followed import (
    BEGINS_AGAIN,
    CLOSED,
    PENDING,
    VOIDED,
    FollowIncident,
    follow,
)
from services.dispute.dispute.mediation import DisputeClosed
from services.dispute.dispute.record import ANY, OPEN, OVER, Dispute, State

# Where its incident was filed without words of the unit.
FILED = "所属事件已办结归档。"


class DisputeTakenBack(Struct, frozen=True):
    """Its incident was voided: the desk has it again, and mediates it or tells another channel."""

    time: datetime


class DisputeReopened(Struct, frozen=True):
    """Its incident goes on, after a call-back or after a void was undone."""

    time: datetime


def follow_incident(
    dispute: Dispute, command: FollowIncident, now: datetime, city: City
) -> list[Any]:
    steps = follow(dispute.routing.incident, command, now)
    moves = (_moved(dispute, each.step, each.incident, now) for each in steps)
    return [*steps, *(move for move in moves if move is not None)]


def _moved(dispute: Dispute, step: str, incident: Any, now: datetime) -> Any | None:
    """The event that follows from the state of the incident, if the dispute is not as far yet."""
    state = dispute.state
    if state in OVER:
        return None
    if incident.state == CLOSED:
        return DisputeClosed(now, incident.reply or FILED)
    if incident.state == VOIDED:
        return DisputeTakenBack(now) if state in OPEN - {State.ACCEPTED} else None
    undone = state is State.ACCEPTED and incident.state != PENDING
    again = state not in OPEN and step in BEGINS_AGAIN
    return DisputeReopened(now) if undone or again else None


def taken_back(dispute: Dispute, event: DisputeTakenBack) -> Dispute:
    return replace(dispute, state=State.ACCEPTED)


def reopened(dispute: Dispute, event: DisputeReopened) -> Dispute:
    """The former agreement stays in the proceedings until there is a new one."""
    return replace(dispute, state=State.ROUTED, ending=None)


VERBS = (verb(ANY, follow_incident, "NOT_ROUTED"),)
CHANGES = (change(taken_back), change(reopened))

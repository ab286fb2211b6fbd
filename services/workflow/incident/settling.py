"""Settling 联动办结: the record of an intake moves, and its incident moves with it.

A mediator writes into the dispute and a clerk into the petition; without this, the incident would
look idle and be offered again, or stay open after its record was filed. `PAIRS` is the table of
ARCHITECTURE; the way back, from the incident to its record, stands in the intakes' `pairs` files.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument
from backbone.words.sight import DISPUTE, PETITION
from services.workflow.incident import reports
from services.workflow.incident.closing import IncidentClosed
from services.workflow.incident.handling import IncidentResolved, ProgressReported, Result
from services.workflow.incident.record import OPEN, OVER, POOLED_OR_HELD, Incident, State
from services.workflow.incident.world import World


class SettleIncident(Struct, frozen=True):
    """`step` is the kind of the record's event."""

    by: Actor
    step: str


class Pair(Struct, frozen=True):
    """The state that the incident reaches, if it stands in one of `begins`; what it says then.

    In a pool it stays there after progress, with no sign-in clock: a clerk may still claim it.
    """

    state: State
    begins: frozenset[State]
    outcome: str = ""
    text: str = ""


class TeamArrived(Struct, frozen=True):
    """A team is at the scene: no unit's arrival is waited for any more; all else goes on."""

    time: datetime


class OriginTold(Struct, frozen=True):
    """The matter comes from one of this source: who may know of the incident must be allowed to
    know of that, too. It was opened before its intake could say so."""

    time: datetime
    origin: str


TEAM_ON_SCENE = "TeamOnScene"
BORN_OF_PETITION = "BornOfPetition"
PAIRS: Mapping[str, Pair] = {
    "SessionHeld": Pair(State.HANDLING, POOLED_OR_HELD, text="已组织调解。"),
    "AgreementReached": Pair(State.RESOLVED, OPEN, Result.SOLVED, "经调解，双方达成协议。"),
    "MediationFailed": Pair(
        State.RESOLVED, OPEN, Result.NOT_SOLVED, "调解不成，已告知当事人合法解决途径。"
    ),
    "DisputeClosed": Pair(State.CLOSED, frozenset(State) - OVER),
    "ProgressRecorded": Pair(State.HANDLING, POOLED_OR_HELD, text="信访件已记录办理进展。"),
    "PetitionClosed": Pair(State.CLOSED, frozenset(State) - OVER),
}


def settle(
    incident: Incident, command: SettleIncident, now: datetime, world: World
) -> list[ProgressReported | IncidentResolved | IncidentClosed | TeamArrived | OriginTold]:
    """Follow the record; an incident that has already come as far stays as it is."""
    if command.step == TEAM_ON_SCENE:
        first = incident.team_time is None and incident.state in OPEN
        return [TeamArrived(now)] if first else []
    if command.step == BORN_OF_PETITION:
        is_new = incident.matter.source == DISPUTE and not incident.matter.origin
        return [OriginTold(now, PETITION)] if is_new else []
    pair = PAIRS.get(command.step)
    if pair is None:
        raise InvalidArgument("UNKNOWN_STEP", step=command.step)
    if incident.state not in pair.begins:
        return []
    if pair.state is State.HANDLING:
        return [ProgressReported(now, pair.text, public=False)]
    if pair.state is State.RESOLVED:
        return [IncidentResolved(now, pair.outcome, pair.text)]
    return [IncidentClosed(now, reports.heard_reports(incident))]


def arrived(incident: Incident, event: TeamArrived) -> Incident:
    return replace(incident, team_time=event.time)


def origin_told(incident: Incident, event: OriginTold) -> Incident:
    return replace(incident, matter=replace(incident.matter, origin=event.origin))


VERBS = (verb(frozenset(State), settle, "UNKNOWN_STEP"),)
CHANGES = (change(arrived), change(origin_told))

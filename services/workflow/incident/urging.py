"""Urging 催办: supervisor, desk or citizen asks the holder to hurry; counted, with pauses."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.roles import CITIZEN, DESKS, DISPATCHERS, SUPERVISORS
from backbone.words.sight import watches_over
from backbone.words.texts import trimmed
from services.workflow.incident.record import OPEN, Incident, Urged
from services.workflow.incident.world import World


class Urger(StrEnum):
    SUPERVISOR = "SUPERVISOR"  # 督查员、领导
    DESK = "DESK"  # 接收单位、指挥中心
    CITIZEN = "CITIZEN"  # 群众


class UrgeIncident(Struct, frozen=True):
    by: Actor
    text: str = ""


class IncidentUrged(Struct, frozen=True):
    time: datetime
    urger: str
    text: str


def urge(
    incident: Incident, command: UrgeIncident, now: datetime, world: World
) -> list[IncidentUrged]:
    """Count one more urge of this kind; the pause of the city pack holds for all of the kind."""
    urger = kind_of(incident, command.by)
    last = urged_by(incident, urger)
    pause = timedelta(minutes=world.policy.urge_pause_minutes[urger])
    if last and now < last.time + pause:
        raise InvalidTransition("URGED_TOO_SOON", count=last.count, time=last.time + pause)
    return [IncidentUrged(now, urger, trimmed(command.text))]


def kind_of(incident: Incident, actor: Actor) -> Urger:
    """The kind of the urger: the holder's colleagues and other units may not urge."""
    if actor.role == CITIZEN:
        return Urger.CITIZEN
    at_desk = actor.unit == incident.matter.desk and actor.role in DESKS | {"clerk", "head"}
    in_area = watches_over(actor, incident.facts.source, incident.area or actor.area)
    if at_desk or (actor.role in DISPATCHERS and in_area):
        return Urger.DESK
    if actor.role in SUPERVISORS and in_area:
        return Urger.SUPERVISOR
    raise Denied("MAY_NOT_URGE", role=actor.role)


def urged_by(incident: Incident, urger: str) -> Urged | None:
    return next((each for each in incident.urges if each.urger == urger), None)


def require_going_on(incident: Incident, command: UrgeIncident) -> None:
    """Raises NOTHING_TO_URGE for what is resolved, or over."""
    raise InvalidTransition("NOTHING_TO_URGE", state=incident.state)


def urged(incident: Incident, event: IncidentUrged) -> Incident:
    last = urged_by(incident, event.urger)
    others = tuple(each for each in incident.urges if each.urger != event.urger)
    fresh = Urged(event.urger, (last.count if last else 0) + 1, event.time)
    return replace(incident, urges=(*others, fresh))


VERBS = (
    verb(
        OPEN,
        urge,
        "MAY_NOT_URGE",
        "URGED_TOO_SOON",
        "NOTHING_TO_URGE",
        otherwise=require_going_on,
    ),
)
CHANGES = (change(urged),)

"""Lifting 解除督办: the supervisor ends it with an opinion."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition
from backbone.words.guards import require_text
from backbone.words.texts import shows_nothing, trimmed
from services.workflow.incident.world import World
from services.workflow.supervision.record import (
    RUNNING,
    Answering,
    Level,
    State,
    Supervision,
    require_supervisor,
)


class LiftSupervision(Struct, frozen=True):
    by: Actor
    opinion: str
    reason: str = ""


class SupervisionLifted(Struct, frozen=True):
    time: datetime
    text: str
    reason: str
    incidents: tuple[str, ...]
    level: Level
    supervisor: str


def lift(
    supervision: Supervision, command: LiftSupervision, now: datetime, world: World
) -> list[SupervisionLifted]:
    """Without a reason it is not lifted while a unit owes an answer."""
    require_supervisor(supervision, command.by)
    opinion = require_text(command.opinion, "OPINION_MISSING")
    known = supervision.known_to(supervision.unit)
    owing = {each.unit for each in known if each.state is Answering.OWED}
    if owing and shows_nothing(command.reason):
        raise InvalidTransition("ANSWER_OUTSTANDING", unit=min(owing), count=len(owing))
    reason, level = trimmed(command.reason), supervision.level
    about = supervision.incidents
    return [SupervisionLifted(now, opinion, reason, about, level, supervision.unit)]


def lifted(supervision: Supervision, event: SupervisionLifted) -> Supervision:
    return replace(
        supervision,
        state=State.LIFTED,
        opinion=event.text,
        lift_reason=event.reason,
        lift_time=event.time,
    )


VERBS = (verb(RUNNING, lift, "NOT_THE_SUPERVISOR", "OPINION_MISSING", "ANSWER_OUTSTANDING"),)
CHANGES = (change(lifted),)

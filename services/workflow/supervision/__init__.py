"""The supervision's life cycle: the use-case files, joined; its state follows from its answers."""

from typing import Any

from msgspec.structs import replace

from backbone.life_cycle import LifeCycle
from backbone.words.errors import NotFound
from backbone.words.rights import SUPERVISION
from services.workflow.incident.world import World
from services.workflow.supervision import (
    answering,
    inheriting,
    judging,
    lapsing,
    lifting,
    moving,
    opening,
    outliving,
    recounting,
)
from services.workflow.supervision.inheriting import HearOrigin
from services.workflow.supervision.lapsing import LapseAnswers
from services.workflow.supervision.moving import AddressUnit
from services.workflow.supervision.record import Answering, State, Supervision, is_seen
from services.workflow.supervision.recounting import RecountDueTimes


def may_see(supervision: Supervision, command: Any) -> None:
    """A supervision outside the actor's scope does not exist for the actor; a clock sees all."""
    if isinstance(command, LapseAnswers | AddressUnit | RecountDueTimes | HearOrigin):
        return
    if not is_seen(supervision, command.by):
        raise NotFound("NO_SUCH_SUPERVISION")


def derive(supervision: Supervision) -> Supervision:
    """Open while a unit owes an answer, then answered until all are accepted; ended if nothing of
    it is left."""
    if supervision.state is State.LIFTED:
        return supervision
    states = {each.state for each in supervision.demands}
    if Answering.OWED in states:
        state = State.OPEN
    elif Answering.ANSWERED in states:
        state = State.ANSWERED
    else:
        state = State.ACCEPTED if Answering.ACCEPTED in states else State.ENDED
    return replace(supervision, state=state)


def waits_for(supervision: Supervision) -> tuple[str, ...]:
    """The units in whose inbox it stands: those that owe, and the supervisor once one has answered
    or is late."""
    if supervision.state is State.LIFTED:
        return ()
    asked = (each for each in supervision.demands if each in supervision.known_to(each.unit))
    owing = [each.unit for each in asked if each.state is Answering.OWED]
    judged = supervision.known_to(supervision.unit)
    told = any(each.state is Answering.ANSWERED or each.has_lapsed for each in judged)
    return tuple(dict.fromkeys((*owing, *([supervision.unit] if told else ()))))


SUPERVISIONS: LifeCycle[Supervision, World] = LifeCycle(
    (opening, answering, judging, lifting, lapsing, moving, outliving, recounting, inheriting),
    missing="NO_SUCH_SUPERVISION",
    guard=may_see,
    rights=SUPERVISION,
    finish=derive,
)

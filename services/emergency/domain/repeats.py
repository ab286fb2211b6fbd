"""Repeats 催签: nobody has answered, so the push goes out again, for ever."""

from dataclasses import dataclass, replace
from datetime import datetime

from backbone.errors import InvalidTransition
from services.emergency.domain.mission import Mission, pause_after


@dataclass(frozen=True, slots=True)
class Lapse:
    """The pause is over."""


@dataclass(frozen=True, slots=True)
class MissionPushedAgain:
    time: datetime
    attempt: int
    due_time: datetime


def lapse(mission: Mission, now: datetime) -> list[MissionPushedAgain]:
    if mission.due_time is None or now < mission.due_time:
        raise InvalidTransition("NOT_DUE", state=mission.state)
    attempt = mission.attempt + 1
    return [MissionPushedAgain(now, attempt, now + pause_after(mission.pauses, attempt))]


def pushed_again(mission: Mission, event: MissionPushedAgain) -> Mission:
    return replace(mission, attempt=event.attempt, due_time=event.due_time)

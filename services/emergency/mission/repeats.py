"""Repeats 催签: nobody has answered, so the push goes out again, for ever."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.errors import InvalidTransition
from services.emergency.mission.record import Mission, pause_after


class Lapse(Struct, frozen=True):
    """The pause is over."""


class MissionPushedAgain(Struct, frozen=True):
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

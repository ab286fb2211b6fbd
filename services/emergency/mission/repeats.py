"""Repeats 催签: push an unanswered mission again, without limit."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, change, verb
from backbone.words.errors import InvalidTransition
from services.emergency.mission.record import UNDER_WAY, Mission, State


class Lapse(Struct, frozen=True):
    """The pause before the next push is over."""


class MissionPushedAgain(Struct, frozen=True):
    """Without a `due_time` the ladder says when the next push comes."""

    time: datetime
    attempt: int
    due_time: datetime | None


def lapse(mission: Mission, command: Lapse, now: datetime, also: Also) -> list[MissionPushedAgain]:
    pushes = mission.pushes
    if pushes.due_time is None or now < pushes.due_time:
        raise InvalidTransition("NOT_DUE", state=mission.state)
    attempt = pushes.attempt + 1
    return [MissionPushedAgain(now, attempt, now + pause_after(mission.release.pauses, attempt))]


def pause_after(pauses: Sequence[int], attempt: int) -> timedelta:
    """The pause before the next attempt; the last one repeats for ever."""
    return timedelta(seconds=pauses[min(attempt, len(pauses)) - 1])


def pushed_again(mission: Mission, event: MissionPushedAgain) -> Mission:
    pushes = replace(mission.pushes, attempt=event.attempt, due_time=event.due_time)
    return replace(mission, pushes=pushes)


VERBS = (verb(UNDER_WAY | {State.RECALLED}, lapse, "NOT_DUE"),)
CHANGES = (change(pushed_again),)

"""Dispatch 派警: a desk sends a team to a matter, once."""

from datetime import datetime, timedelta

from msgspec import Struct

from backbone.life_cycle import Also, begins, creates
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import PRIORITIES
from services.emergency.mission.record import (
    Mission,
    Order,
    Pushes,
    Release,
    State,
    Team,
    mission_id,
)
from services.emergency.mission.repeats import pause_after


class DispatchMission(Struct, frozen=True):
    """`team` is None if the directory has no such team; `pauses` are seconds.

    `reachable` says whether a terminal of the team was connected.
    """

    order: Order
    team: Team | None
    pauses: tuple[int, ...]
    acknowledge_seconds: int
    reachable: bool = False


class MissionDispatched(Struct, frozen=True):
    time: datetime
    order: Order
    unit: str
    area: str
    pauses: tuple[int, ...]
    acknowledge_by: datetime
    due_time: datetime
    reachable: bool


def dispatch(
    mission: Mission | None, command: DispatchMission, now: datetime, also: Also
) -> list[MissionDispatched]:
    order = command.order
    if mission is not None:
        _refuse_second(mission)
    if command.team is None:
        raise InvalidArgument("UNKNOWN_TEAM", team=order.team)
    if order.priority not in PRIORITIES:
        raise InvalidArgument("UNKNOWN_PRIORITY", priority=order.priority)
    if not order.code:
        raise InvalidArgument("ORDER_INCOMPLETE", field="code")
    return [
        MissionDispatched(
            time=now,
            order=order,
            unit=command.team.unit,
            area=command.team.area,
            pauses=command.pauses,
            acknowledge_by=now + timedelta(seconds=command.acknowledge_seconds),
            due_time=now + pause_after(command.pauses, attempt=1),
            reachable=command.reachable,
        )
    ]


def _refuse_second(mission: Mission) -> None:
    """Refuse a second dispatch of the team; the facts name the first desk."""
    raise InvalidTransition(
        "ALREADY_DISPATCHED",
        team=mission.order.team,
        by=mission.order.ordered_by,
        unit=mission.order.ordered_unit,
        time=mission.release.dispatch_time.isoformat(),
        state=mission.state,
    )


def dispatched(event: MissionDispatched) -> Mission:
    order = event.order
    release = Release(
        unit=event.unit,
        area=event.area,
        reachable=event.reachable,
        pauses=event.pauses,
        dispatch_time=event.time,
        acknowledge_by=event.acknowledge_by,
    )
    return Mission(
        id=mission_id(order.matter_id, order.team),
        version=0,
        time=event.time,
        state=State.PENDING,
        order=order,
        release=release,
        pushes=Pushes(event.due_time),
    )


VERBS = (
    creates(dispatch, "ALREADY_DISPATCHED", "UNKNOWN_TEAM", "UNKNOWN_PRIORITY", "ORDER_INCOMPLETE"),
)
CHANGES = (begins(dispatched),)

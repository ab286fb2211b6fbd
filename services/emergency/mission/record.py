"""A mission 指令: one team sent to one matter, and how far it has come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from msgspec import Struct

from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.place import Place

PRIORITIES = ("P1", "P2", "P3", "P4")


class State(StrEnum):
    PENDING = "PENDING"  # 已下达, on its way to the terminals
    DELIVERED = "DELIVERED"  # 已送达, stored by a terminal
    ACKNOWLEDGED = "ACKNOWLEDGED"  # 已签收, a person has signed for it
    EN_ROUTE = "EN_ROUTE"  # 已出动
    ON_SCENE = "ON_SCENE"  # 已到场
    CLEARED = "CLEARED"  # 已处置完毕
    REFUSED = "REFUSED"  # 已拒绝, with a reason


# Whoever is in one of these has not answered: the push is repeated.
UNANSWERED = frozenset({State.PENDING, State.DELIVERED})
ENDED = frozenset({State.CLEARED, State.REFUSED})


class Order(Struct, frozen=True):
    """What a desk says when it sends a team; `again` after so many refusals."""

    matter_id: UUID
    code: str
    team: str
    priority: str
    place: Place
    narrative: str
    category: str
    exercise: bool
    ordered_by: str
    ordered_unit: str
    again: int = 0


class Team(Struct, frozen=True):
    """What the directory knows of the team."""

    unit: str
    area: str


class Mission(Struct, frozen=True):
    """`implied` holds the states whose times nobody reported: a later step implied them.

    `pauses` is the policy of the moment of release; `due_time` is when the push is repeated.
    """

    id: UUID
    version: int
    time: datetime
    state: State
    matter_id: UUID
    code: str
    team: str
    unit: str
    area: str
    priority: str
    place: Place
    narrative: str
    category: str
    exercise: bool
    ordered_by: str
    ordered_unit: str
    reachable: bool
    pauses: tuple[int, ...]
    dispatch_time: datetime
    acknowledge_by: datetime
    due_time: datetime | None
    revision: int = 1
    attempt: int = 1
    implied: tuple[State, ...] = ()
    deliver_time: datetime | None = None
    acknowledge_time: datetime | None = None
    depart_time: datetime | None = None
    arrive_time: datetime | None = None
    end_time: datetime | None = None
    acknowledged_by: str = ""
    refuse_reason: str = ""
    result: str = ""


class DispatchMission(Struct, frozen=True):
    """`team` is None where the directory knows no such team; `pauses` are seconds.

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


def mission_id(matter_id: UUID, team: str) -> UUID:
    """A team has one mission per matter."""
    return uuid5(matter_id, team)


def dispatch(
    mission: Mission | None, command: DispatchMission, now: datetime
) -> list[MissionDispatched]:
    order = command.order
    if mission is not None:
        raise InvalidTransition(
            "ALREADY_DISPATCHED",
            team=mission.team,
            by=mission.ordered_by,
            unit=mission.ordered_unit,
            time=mission.dispatch_time.isoformat(),
            state=mission.state,
        )
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


def dispatched(event: MissionDispatched) -> Mission:
    order = event.order
    return Mission(
        id=mission_id(order.matter_id, order.team),
        version=0,
        time=event.time,
        state=State.PENDING,
        matter_id=order.matter_id,
        code=order.code,
        team=order.team,
        unit=event.unit,
        area=event.area,
        priority=order.priority,
        place=order.place,
        narrative=order.narrative,
        category=order.category,
        exercise=order.exercise,
        ordered_by=order.ordered_by,
        ordered_unit=order.ordered_unit,
        reachable=event.reachable,
        pauses=event.pauses,
        dispatch_time=event.time,
        acknowledge_by=event.acknowledge_by,
        due_time=event.due_time,
    )


def pause_after(pauses: Sequence[int], attempt: int) -> timedelta:
    """The pause before the next attempt; the last one repeats for ever."""
    return timedelta(seconds=pauses[min(attempt, len(pauses)) - 1])

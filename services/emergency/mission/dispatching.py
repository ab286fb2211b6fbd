"""Dispatch 派警: a desk sends a team to a matter, once."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import Also, begins, creates
from backbone.words.errors import InvalidArgument, InvalidTransition, Unavailable
from backbone.words.guards import PRIORITIES
from backbone.words.heard_report import Awaits
from services.emergency.mission.record import (
    Heard,
    Mission,
    Order,
    Pushes,
    Release,
    State,
    Team,
    mission_id,
    pair_of,
)
from services.emergency.mission.repeats import pause_after
from services.emergency.mission.rungs import Ladder, begun


class Readiness(Struct, frozen=True):
    """Whether the team can be sent: what it says of itself, and how many of its people are there.

    `on_duty` is None while the staff is not known. `binding` is False for an order that the desk
    has committed and cannot hear a refusal of: the team is sent, and people are told at once.
    """

    duty: str = "AVAILABLE"
    on_duty: int | None = None
    binding: bool = True


class DispatchMission(Struct, frozen=True):
    """`team` is None if the directory has no such team; `pauses` are seconds.

    `reachable` says whether a terminal of the team was connected. `ladder` is the city's for the
    priority; without one the pauses say when the mission is pushed again. `number` counts the
    missions of the team for this matter that are over.
    """

    order: Order
    team: Team | None
    pauses: tuple[int, ...]
    acknowledge_seconds: int
    reachable: bool = False
    number: int = 0
    ladder: Ladder | None = None
    ready: Readiness = Readiness()


class MissionDispatched(Struct, frozen=True):
    time: datetime
    order: Order
    unit: str
    area: str
    pauses: tuple[int, ...]
    acknowledge_by: datetime
    due_time: datetime
    reachable: bool
    number: int = 0
    ladder: Ladder | None = None


def dispatch(
    mission: Mission | None, command: DispatchMission, now: datetime, also: Also
) -> list[MissionDispatched]:
    order = command.order
    if mission is not None and mission.order.matter_id == order.matter_id:
        _refuse_second(mission)
    if mission is not None:  # it has left the matter just now
        raise Unavailable("MISSION_JUST_OPENED", team=order.team)
    if also.members(pair_of(order.matter_id, order.team)):
        raise Unavailable("MISSION_JUST_OPENED", team=order.team)
    if command.team is None:
        raise InvalidArgument("UNKNOWN_TEAM", team=order.team)
    if order.priority not in PRIORITIES:
        raise InvalidArgument("UNKNOWN_PRIORITY", priority=order.priority)
    if not order.code:
        raise InvalidArgument("ORDER_INCOMPLETE", field="code")
    forced = bool(order.force_reason.strip())
    if command.ready.binding and not forced:
        _require_ready(order.team, command.ready)
    ladder = _ladder(command, alone=forced or _is_unready(command.ready))
    first = now + pause_after(command.pauses, attempt=1)
    return [
        MissionDispatched(
            time=now,
            order=order,
            unit=command.team.unit,
            area=command.team.area,
            pauses=command.pauses,
            acknowledge_by=now + timedelta(seconds=command.acknowledge_seconds),
            due_time=(begun(ladder, now).due_time or first) if ladder else first,
            reachable=command.reachable,
            number=command.number,
            ladder=ladder,
        )
    ]


def _ladder(command: DispatchMission, *, alone: bool) -> Ladder | None:
    """The order's ladder; a forced one begins with the second rung if no terminal is connected."""
    ladder = command.ladder
    if ladder is None or command.reachable or not alone:
        return ladder
    return replace(ladder, rung=min(1, len(ladder.rungs) - 1), at_once=True)


def _is_unready(ready: Readiness) -> bool:
    return ready.duty != "AVAILABLE" or ready.on_duty == 0


def would_refuse(command: DispatchMission) -> bool:
    """Whether the order is refused where its desk can hear of it, for what it says itself."""
    order = command.order
    wrong = command.team is None or order.priority not in PRIORITIES or not order.code
    return wrong or (_is_unready(command.ready) and not order.force_reason.strip())


def _require_ready(team: str, ready: Readiness) -> None:
    """Raises InvalidTransition for a team that cannot be sent unless the order is forced."""
    if ready.duty == "OUT_OF_SERVICE":
        raise InvalidTransition("TEAM_OUT_OF_SERVICE", field="team", team=team)
    if ready.duty == "RESTING":
        raise InvalidTransition("TEAM_OFF_DUTY", field="team", team=team)
    if ready.on_duty == 0:
        raise InvalidTransition("NOT_STAFFED", field="team", team=team)


def _open_ones(command: DispatchMission) -> tuple[UUID, ...]:
    """The open mission of the team for the matter: two orders are decided one after the other."""
    return (pair_of(command.order.matter_id, command.order.team),)


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
        id=mission_id(order.matter_id, order.team, event.number),
        version=0,
        time=event.time,
        state=State.PENDING,
        order=order,
        release=release,
        pushes=Pushes(None if event.ladder else event.due_time),
        ladder=begun(event.ladder, event.time) if event.ladder else None,
        number=event.number,
        heard=Heard(order.receipt_version, order.matter_version),
        behind=True if order.awaits != Awaits() else None,
        awaits=order.awaits,
    )


VERBS = (
    creates(
        dispatch,
        "ALREADY_DISPATCHED",
        "UNKNOWN_TEAM",
        "UNKNOWN_PRIORITY",
        "ORDER_INCOMPLETE",
        "MISSION_JUST_OPENED",
        "TEAM_OUT_OF_SERVICE",
        "TEAM_OFF_DUTY",
        "NOT_STAFFED",
        also=_open_ones,
    ),
)
CHANGES = (begins(dispatched),)

"""A mission 指令: one team sent to one matter, and how far it has come."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from msgspec import Struct

from backbone.words.place import Place
from services.emergency.mission.rungs import Ladder


class State(StrEnum):
    PENDING = "PENDING"  # 已下达, on its way to the terminals
    DELIVERED = "DELIVERED"  # 已送达, stored by a terminal
    ACKNOWLEDGED = "ACKNOWLEDGED"  # 已签收, a person has signed for it
    EN_ROUTE = "EN_ROUTE"  # 已出动
    ON_SCENE = "ON_SCENE"  # 已到场
    CLEARED = "CLEARED"  # 已处置完毕
    REFUSED = "REFUSED"  # 已拒绝, with a reason


ANY = frozenset(State)
OVER = frozenset({State.CLEARED, State.REFUSED})
# The team has not answered in these: the push is repeated.
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
    force_reason: str = ""


class Team(Struct, frozen=True):
    """What the directory knows of the team."""

    unit: str
    area: str


class Release(Struct, frozen=True):
    """What the dispatch has fixed: unit and area of the team, and the policy of that moment.

    `pauses` are the seconds before each repeat. `reachable` says whether a terminal of the team
    was connected.
    """

    unit: str
    area: str
    reachable: bool
    pauses: tuple[int, ...]
    dispatch_time: datetime
    acknowledge_by: datetime


class Pushes(Struct, frozen=True):
    """How often it was pushed; `due_time` is when it is pushed again, None once it is answered."""

    due_time: datetime | None
    revision: int = 1
    attempt: int = 1


class Progress(Struct, frozen=True):
    """When each step was taken.

    `implied` holds the states whose times were not reported: a later step implied them.
    """

    implied: tuple[State, ...] = ()
    deliver_time: datetime | None = None
    acknowledge_time: datetime | None = None
    depart_time: datetime | None = None
    arrive_time: datetime | None = None
    acknowledged_by: str = ""


class Ending(Struct, frozen=True):
    """A refusal has its reason, a clearing has a result, which may come later."""

    end_time: datetime
    refuse_reason: str = ""
    result: str = ""


class Mission(Struct, frozen=True):
    id: UUID
    version: int
    time: datetime
    state: State
    order: Order
    release: Release
    pushes: Pushes
    progress: Progress = Progress()
    ending: Ending | None = None
    ladder: Ladder | None = None


def mission_id(matter_id: UUID, team: str) -> UUID:
    """A team has one mission per matter."""
    return uuid5(matter_id, team)

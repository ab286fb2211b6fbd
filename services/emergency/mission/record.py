"""A mission 指令: one team sent to one matter, and how far it has come."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID, uuid5

from msgspec import Struct

from backbone.words.heard_report import Awaits
from backbone.words.place import Place
from backbone.words.sight import ORDER, Facts
from services.emergency.mission.hidden import Hidden
from services.emergency.mission.rungs import Ladder


class State(StrEnum):
    PENDING = "PENDING"  # 待送达, on its way to the terminals
    DELIVERED = "DELIVERED"  # 已送达, stored by a terminal
    ACKNOWLEDGED = "ACKNOWLEDGED"  # 已签收, a person has signed for it
    EN_ROUTE = "EN_ROUTE"  # 已出动
    ON_SCENE = "ON_SCENE"  # 已到场
    CLEARED = "CLEARED"  # 处置完毕
    REFUSED = "REFUSED"  # 已拒绝, with a reason
    RECALLED = "RECALLED"  # 已召回, pushed until the team confirms it


ANY = frozenset(State)
OVER = frozenset({State.CLEARED, State.REFUSED, State.RECALLED})
# The team has not answered in these: the push is repeated.
UNANSWERED = frozenset({State.PENDING, State.DELIVERED})
UNDER_WAY = ANY - OVER


class Order(Struct, frozen=True):
    """The order of a desk to a team; `again` counts its earlier orders that were over.

    `receipt` is where the order comes from; `note` is the end of the narrative, for this team
    alone. Both are empty in orders of 0.1.0. `against` is the unit that the receipt accuses.
    """

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
    danger: str = ""
    receipt: str = ""
    note: str = ""
    force_reason: str = ""
    receipt_version: int = 0
    matter_version: int = 0
    persons: tuple[str, ...] = ()
    against: str = ""
    awaits: Awaits = Awaits()


class Heard(Struct, frozen=True):
    """Up to which version of its receipt, and of its incident, a mission has heard; 0: unknown."""

    receipt: int = 0
    incident: int = 0


class Team(Struct, frozen=True):
    """The team by the directory."""

    unit: str
    area: str


class Release(Struct, frozen=True):
    """Fixed by the dispatch: unit and area of the team, and the policy of that moment.

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
    """How often it was pushed; `due_time` is when it is pushed again, None once it is answered.
    `asked` is the last revision that the team has to sign for."""

    due_time: datetime | None
    revision: int = 1
    attempt: int = 1
    asked: int = 1


class Progress(Struct, frozen=True):
    """When each step was taken.

    `implied` holds the states whose times were not reported: a later step implied them. `signed`
    holds the revisions for which a person of the team has signed.
    """

    implied: tuple[State, ...] = ()
    deliver_time: datetime | None = None
    acknowledge_time: datetime | None = None
    depart_time: datetime | None = None
    arrive_time: datetime | None = None
    acknowledged_by: str = ""
    signed: tuple[int, ...] = ()


class Ending(Struct, frozen=True):
    """A refusal has its reason, a clearing has a result, which may come later."""

    end_time: datetime
    refuse_reason: str = ""
    result: str = ""


class MissionFacts(Struct, frozen=True):
    """The facts that a correction may change."""

    place: Place
    narrative: str
    category: str
    priority: str
    danger: str


class Statements(Struct, frozen=True):
    """The last facts that a report has told, and those of what it has become at another desk."""

    receipt: MissionFacts
    incident: MissionFacts


class MissionCorrection(Struct, frozen=True):
    """The facts that changed since the team signed, or since the dispatch; `was`: the old ones."""

    changed: tuple[str, ...]
    was: MissionFacts
    reason: str
    receipt: str
    revise_time: datetime


class Cause(StrEnum):
    DESK = "DESK"  # 指挥召回
    RECEIPT_INVALID = "RECEIPT_INVALID"  # 接警单判为无效
    INCIDENT_VOIDED = "INCIDENT_VOIDED"  # 事件作废
    INCIDENT_CLOSED = "INCIDENT_CLOSED"  # 事件办结
    RECEIPT_ENDED = "RECEIPT_ENDED"  # 接警单办结或转出，无事件继续
    SAME_MATTER = "SAME_MATTER"  # 同一警情，已派同一队伍


class Recall(Struct, frozen=True):
    """Why and by whom the team was called back; of SAME_MATTER also who has sent it before, and who
    has seen to the matter after the link was undone. `reopen_time`: since when the matter goes on,
    as the void of it was undone."""

    cause: Cause
    reason: str
    recall_time: datetime
    recalled_by: str
    recalled_unit: str
    stays: str = ""
    sent_by: str = ""
    sent_unit: str = ""
    sent_time: datetime | None = None
    confirm_time: datetime | None = None
    confirmed_by: str = ""
    seen_by: str = ""
    seen_reason: str = ""
    reopen_time: datetime | None = None


class Left(Struct, frozen=True):
    """Since when no office has its matter, by this version of its receipt; None: one has it."""

    version: int
    since: datetime | None = None


class Mission(Struct, frozen=True):
    """`number` counts the earlier missions of the team for this matter.

    `home` is the matter that it was ordered for, once it has joined another one. `behind` says that
    it owes its incident a question for its facts, once that has heard what it `awaits`: an event of
    that may be an old one. `heard` guards it from events that arrive late, by the slower road.
    `merged` was counted by earlier releases. `apart`: two desks tell it facts, each for itself.
    """

    id: UUID
    version: int
    time: datetime
    state: State
    order: Order
    release: Release
    pushes: Pushes
    progress: Progress = Progress()
    ending: Ending | None = None
    number: int = 0
    home: UUID | None = None
    correction: MissionCorrection | None = None
    recall: Recall | None = None
    ladder: Ladder | None = None
    heard: Heard = Heard()
    hidden: Hidden | None = None
    behind: bool | None = None
    merged: int = 0
    awaits: Awaits = Awaits()
    apart: Statements | None = None
    left: Left | None = None

    @property
    def is_behind(self) -> bool:
        """Whether it has joined an incident that was not asked for its facts since.

        One that has joined before this was written down has caught up with any event of it.
        """
        if self.ending is not None:
            return False
        if self.behind is not None:
            return self.behind
        return self.home not in (None, self.order.matter_id) and not self.heard.incident

    @property
    def receipt(self) -> UUID:
        """The receipt that has ordered it, and with which it goes; orders of 0.1.0 name none, and
        are of the matter that they were given for."""
        named = self.order.receipt
        return UUID(named) if named else self.home or self.order.matter_id

    def is_of(self, matter: UUID | None) -> bool:
        """Whether it belongs to this matter now; None says that this does not count."""
        return matter in (None, self.order.matter_id)

    @property
    def facts(self) -> Facts:
        """The facts for the rule of sight: its unit and the one that ordered it see it."""
        return Facts(ORDER, tuple(filter(None, (self.unit, self.desk))), self.release.area)

    @property
    def unit(self) -> str:
        """The unit of the team; empty for one that may not know of the mission any more."""
        return self._unbarred(self.release.unit)

    @property
    def desk(self) -> str:
        """The unit that has ordered it; where that one may not know of it, the matter's desk."""
        ordered = self._unbarred(self.order.ordered_unit)
        return ordered or (self.hidden.desk if self.hidden else "")

    def _unbarred(self, unit: str) -> str:
        return "" if self.hidden and unit in self.hidden.barred else unit

    @property
    def against(self) -> tuple[str, ...]:
        """The units that its matter accuses, as far as it was told; earlier releases kept none."""
        later = self.hidden.against if self.hidden else ()
        return tuple(dict.fromkeys(filter(None, (self.order.against, *later))))

    @property
    def accused_since(self) -> datetime | None:
        """The time since when its desk has to see to a team of the accused unit that is under way,
        or was recalled for that alone; else None."""
        hidden, recall = self.hidden, self.recall
        if hidden is None or not hidden.accused or hidden.seen_by:
            return None
        by_itself = recall and recall.cause is Cause.DESK and not recall.recalled_by
        return hidden.time if self.ending is None or by_itself else None

    @property
    def asks(self) -> bool:
        """Whether the team has to answer: sign for the asked revision, or confirm the recall."""
        if self.recall is not None:
            return self.recall.confirm_time is None
        if self.state in UNANSWERED:
            return True
        return self.state not in OVER and max(self.progress.signed, default=1) < self.pushes.asked


def mission_id(matter_id: UUID, team: str, number: int = 0) -> UUID:
    """A team has one open mission per matter; the later ones have a number."""
    return uuid5(matter_id, f"{team}/{number}" if number else team)


def pair_of(matter_id: UUID, team: str) -> UUID:
    """The key under which the open mission of a team for a matter is known, and locked."""
    return UUID(bytes=sha256(f"{matter_id}/{team}".encode()).digest()[:16])

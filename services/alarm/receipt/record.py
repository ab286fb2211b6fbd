"""The receipt: what the desk took down of one report, how it ended, and what followed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from backbone.words.correction import Corrected
from backbone.words.followed import Followed
from backbone.words.matter import Matter
from backbone.words.place import Place
from backbone.words.sight import ALARM, Facts
from services.alarm.receipt.called_back import CallBack
from services.alarm.receipt.merged import Merged
from services.alarm.receipt.passed import Passed, PassedKind
from services.alarm.receipt.suggested import Confirmation, Suggestions


class Kind(StrEnum):
    """The manner in which a report came in."""

    CALL = "CALL"  # 电话
    TEXT_MESSAGE = "TEXT_MESSAGE"  # 短信报警 12110, for people who cannot speak
    DEVICE = "DEVICE"  # 设备报警
    GRID_REPORT = "GRID_REPORT"  # 网格上报
    TICKET_12345 = "TICKET_12345"  # 12345 转来工单
    WALK_IN = "WALK_IN"  # 来人报警


class State(StrEnum):
    RECEIVED = "RECEIVED"  # 已接警: open at the desk
    ENDED = "ENDED"  # 已了结: in exactly one of five ways
    CLOSED = "CLOSED"  # 已归档


OVER = frozenset({State.CLOSED})
# Stands for the narrative of a protected caller of a release that did not look for the name in it.
WITHHELD = "报警人要求保密，情况请向接警单位了解。"


class Outcome(StrEnum):
    """The five ways in which a receipt ends; each receipt ends in one of them."""

    OPENED = "OPENED"  # 立为事件
    LINKED = "LINKED"  # 关联重复
    ANSWERED = "ANSWERED"  # 当场办结
    PASSED = "PASSED"  # 转出: to 12345, to another unit, to mediation
    INVALID = "INVALID"  # 无效


class InvalidReason(StrEnum):
    HOAX = "HOAX"  # 谎报
    TEST = "TEST"  # 测试
    WRONG_NUMBER = "WRONG_NUMBER"  # 误拨
    SILENT = "SILENT"  # 无声
    HUNG_UP = "HUNG_UP"  # 中途挂断
    FALSE_ALARM = "FALSE_ALARM"  # 设备误报


class Caller(Struct, frozen=True):
    """The person who reported, each text sealed.

    `number_index` is the same for the same number; `line_index` is that without its extension, or
    empty. `further` and `further_lines` are those of the other numbers that stand in the field.
    `called` are the names, sealed so that every service finds them in free texts.
    """

    number: str = ""
    name: str = ""
    subscriber: str = ""
    installed_address: str = ""
    protected: bool = False
    number_index: str = ""
    line_index: str = ""
    called: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    further_lines: tuple[str, ...] = ()


class Dispatch(Struct, frozen=True):
    """An order to a team. `refused` is the reason of its refusal, empty where it stands.

    `again` counts the orders to this team before it. `facts` are those of the incident when
    it was ordered, None where the receipt's own were used; the versions are theirs, 0 is unknown.
    """

    team: str
    note: str
    ordered_by: str
    order_time: datetime
    refused: str = ""
    again: int = 0
    facts: Matter | None = None
    receipt_version: int = 0
    matter_version: int = 0


class Origin(Struct, frozen=True):
    """How, where and by whom it was taken down, for ever; `desk_area` is the unit's area."""

    kind: Kind
    unit: str
    desk_area: str
    receiver: str
    receive_time: datetime


class Report(Struct, frozen=True, kw_only=True):
    """The report itself; the desk may amend it. `address` is the place's text in one form, by
    which others at the same address are found; `against` is the unit that it accuses; `discreet` is
    the narrative without the caller's name and numbers, None of an older release.
    """

    caller: Caller
    place: Place
    narrative: str
    ring_time: datetime | None = None
    answer_time: datetime | None = None
    hang_up_time: datetime | None = None
    recording: str = ""
    reference: str = ""
    danger: str = ""
    address: str = ""
    against: str = ""
    discreet: str | None = None


class Classification(Struct, frozen=True):
    """Class and priority; `confirmed_category` is the class found after the handling."""

    category: str
    priority: str
    confirmed_category: str = ""


class Ending(Struct, frozen=True, kw_only=True):
    """How the receipt ended, and what belongs to that one way.

    `title` and `to_unit` are those of the matter that was opened or referred.
    """

    outcome: Outcome
    end_time: datetime
    ended_by: str
    ended_role: str = ""
    title: str = ""
    to_unit: str = ""
    reply: str = ""
    photos: tuple[str, ...] = ()
    passed_to: str = ""
    invalid_reason: InvalidReason | None = None


class Incident(Struct, frozen=True):
    """The incident that the receipt opened or was linked to; `known` is its last known state.

    `link_version` is the version of the receipt that was linked; 0 where it opened the incident.
    `before` is set where the receipt followed a merge.
    """

    id: UUID
    code: str
    known: Followed
    link_version: int = 0
    before: Merged | None = None


class LeftIncident(Struct, frozen=True):
    """An incident that the receipt belonged to; `version` is that of the receipt which told it last
    whom its texts must not name."""

    id: UUID
    code: str
    version: int = 0


class Receipt(Struct, frozen=True, kw_only=True):
    """One report. `ending` is set unless the receipt is open; `incident` where it has one.

    `corrected` are the facts corrected since it joined that incident; `barred` are the units that
    may not read it since it accuses them. `come_back_time` is since when it is open again because a
    danger or an accusation was told after its end, or its link was undone. `left` are the incidents
    that it belonged to: their texts may still name its caller. `beside` are the protected callers
    of those incidents, each sealed: its own texts may name them. `returned` is the last ticket that
    its partner gave back before the receipt ended in another way.
    """

    id: UUID
    version: int
    time: datetime
    code: str
    origin: Origin
    report: Report
    classification: Classification
    suggestions: Suggestions = field(default_factory=Suggestions)
    state: State = State.RECEIVED
    ending: Ending | None = None
    incident: Incident | None = None
    dispatches: tuple[Dispatch, ...] = ()
    call_backs: tuple[CallBack, ...] = ()
    corrected: tuple[Corrected, ...] = ()
    priority_confirmed: Confirmation | None = None
    passed: Passed | None = None
    barred: tuple[str, ...] = ()
    come_back_time: datetime | None = None
    left: tuple[LeftIncident, ...] = ()
    returned: Passed | None = None
    beside: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        return self.origin.unit

    @property
    def area(self) -> str:
        """The area of the place; where the place is unknown, that of the desk."""
        return self.report.place.area or self.origin.desk_area

    @property
    def against(self) -> str:
        return self.report.against

    @property
    def readers(self) -> tuple[str, ...]:
        """The units that may see it: the desk, the one it was passed to, and the one that works."""
        units = dict.fromkeys(filter(None, (self.unit, self.passed_on, self.handler)))
        return tuple(each for each in units if each not in self.barred)

    @property
    def passed_on(self) -> str:
        """The unit that it was passed to and that may read it: no partner, once it accuses a unit.

        Its ticket was taken back, or answered before; what is told since is none of its business.
        """
        is_ticket = self.passed is not None and self.passed.kind is PassedKind.TICKET
        return "" if is_ticket and self.against else self.passed_to

    @property
    def facts(self) -> Facts:
        author = self.origin.receiver
        return Facts(ALARM, self.readers, self.area, self.against, author, self.unit)

    @property
    def handler(self) -> str:
        """The unit that has its incident in its pool or hands, never an accused or barred one."""
        unit = self.incident.known.unit if self.incident else ""
        return "" if self.bars(unit) else unit

    def bars(self, unit: str) -> bool:
        """Whether it accuses this unit, or barred it when it began to accuse one above."""
        return unit in (self.against, *self.barred)

    @property
    def stands_inside(self) -> bool:
        """Whether another report's incident tells it: it was linked, or its own one was merged."""
        return self.outcome is Outcome.LINKED or bool(self.incident and self.incident.before)

    @property
    def told(self) -> str:
        """The narrative as it leaves the desk: of a protected caller without name and numbers."""
        report = self.report
        if not report.caller.protected:
            return report.narrative
        return WITHHELD if report.discreet is None else report.discreet

    @property
    def named(self) -> tuple[str, ...]:
        """The names that its texts may hold, each sealed."""
        return tuple(dict.fromkeys((*self.report.caller.called, *self.beside)))

    @property
    def outcome(self) -> Outcome | None:
        return self.ending.outcome if self.ending else None

    @property
    def passed_to(self) -> str:
        """The unit that it was passed to, also one that returned it; empty if it was not passed."""
        if self.passed:
            return self.passed.unit
        return self.ending.passed_to if self.ending else ""

    @property
    def matter_id(self) -> UUID:
        """The matter that this report belongs to: another one's where it was linked."""
        return self.incident.id if self.incident else self.id

    @property
    def matter_code(self) -> str:
        return self.incident.code if self.incident else self.code

"""The receipt: what the desk took down of one report, how it ended, and what followed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from backbone.words.followed import Followed
from backbone.words.place import Place


class Kind(StrEnum):
    """The manner in which a report came in."""

    CALL = "CALL"  # 电话
    TEXT_MESSAGE = "TEXT_MESSAGE"  # 短信报警 12110, for people who cannot speak
    DEVICE = "DEVICE"  # 设备报警
    GRID_REPORT = "GRID_REPORT"  # 网格上报
    TICKET_12345 = "TICKET_12345"  # 12345 转来工单
    WALK_IN = "WALK_IN"  # 来人报警


class State(StrEnum):
    RECEIVED = "RECEIVED"  # 已接报: open at the desk
    ENDED = "ENDED"  # 已处置: in exactly one of five ways
    CLOSED = "CLOSED"  # 已归档


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


class Finding(StrEnum):
    """What a call-back found."""

    NOT_REACHED = "NOT_REACHED"
    SATISFIED = "SATISFIED"
    PARTLY = "PARTLY"
    UNSATISFIED = "UNSATISFIED"


class Caller(Struct, frozen=True):
    """Who reported; every text is sealed before it gets here, the index finds a number again."""

    number: str = ""
    name: str = ""
    subscriber: str = ""
    installed_address: str = ""
    protected: bool = False
    number_index: str = ""


class CategorySuggestion(Struct, frozen=True):
    category: str
    name: str
    score: float
    words: tuple[str, ...]


class RepeatSuggestion(Struct, frozen=True):
    """`incident` is what to link to; empty while the other receipt has none."""

    receipt: str
    code: str
    incident: str
    score: float
    reasons: tuple[str, ...]


class Suggestions(Struct, frozen=True):
    """What the machine guessed when the receipt was taken; people decide."""

    category: tuple[CategorySuggestion, ...] = ()
    repeats: tuple[RepeatSuggestion, ...] = ()


class Dispatch(Struct, frozen=True):
    """The latest order to a team. `refused` is why nobody was sent by it; empty where it stands."""

    team: str
    note: str
    ordered_by: str
    order_time: datetime
    refused: str = ""
    again: int = 0


class CallBack(Struct, frozen=True):
    finding: Finding
    note: str
    called_by: str
    call_time: datetime


class Receipt(Struct, frozen=True):
    """`desk_area` is the area of the receiving unit: where the place is unknown, it counts.

    `incident` is what was heard last of the incident that it opened or was linked to; `title` and
    `to_unit` are what it was opened or referred with.
    """

    id: UUID
    version: int
    time: datetime
    code: str
    kind: Kind
    unit: str
    desk_area: str
    receiver: str
    receive_time: datetime
    caller: Caller
    place: Place
    category: str
    priority: str
    narrative: str
    ring_time: datetime | None = None
    answer_time: datetime | None = None
    hang_up_time: datetime | None = None
    recording: str = ""
    reference: str = ""
    suggestions: Suggestions = field(default_factory=Suggestions)
    confirmed_category: str = ""
    state: State = State.RECEIVED
    outcome: Outcome | None = None
    incident_id: UUID | None = None
    incident_code: str = ""
    incident: Followed | None = None
    title: str = ""
    to_unit: str = ""
    reply: str = ""
    photos: tuple[str, ...] = ()
    passed_to: str = ""
    invalid_reason: InvalidReason | None = None
    end_time: datetime | None = None
    ended_by: str = ""
    dispatches: tuple[Dispatch, ...] = ()
    call_backs: tuple[CallBack, ...] = ()

    @property
    def area(self) -> str:
        return self.place.area or self.desk_area

    @property
    def matter_id(self) -> UUID:
        """The matter that this report belongs to: another one's where it was linked."""
        return self.incident_id or self.id

    @property
    def matter_code(self) -> str:
        return self.incident_code or self.code

"""The petition 信访件: its states, the parts of its record, and who may know of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.correction import Corrected
from backbone.words.followed import Followed, holding_unit
from backbone.words.place import Place
from backbone.words.sight import PETITION, Facts, sees


class State(StrEnum):
    REGISTERED = "REGISTERED"  # 已登记
    ACCEPTED = "ACCEPTED"  # 已受理
    DECLINED = "DECLINED"  # 不予受理
    REFERRED = "REFERRED"  # 已转送: to a body outside this flow
    ASSIGNED = "ASSIGNED"  # 已交办: routed into the flow
    HANDLING = "HANDLING"  # 办理中: a unit has claimed it
    REPLIED = "REPLIED"  # 已答复
    CLOSED = "CLOSED"  # 已办结


ANY = frozenset(State)
# It was accepted and is not yet replied to.
OPEN = frozenset({State.ACCEPTED, State.ASSIGNED, State.HANDLING})
# Nothing more is to be done for it.
OVER = frozenset({State.DECLINED, State.REFERRED, State.CLOSED})


class Channel(StrEnum):
    LETTER = "LETTER"  # 来信
    VISIT = "VISIT"  # 来访
    ONLINE = "ONLINE"  # 网上
    HOTLINE = "HOTLINE"  # 热线
    VIDEO = "VIDEO"  # 视频
    PROXY = "PROXY"  # 信访代理
    GREEN_POST = "GREEN_POST"  # 绿色邮政
    RECEPTION = "RECEPTION"  # 接访


# What comes in without a person at the desk may be unsigned: it is taken, and marked.
UNSIGNED = frozenset({Channel.LETTER, Channel.GREEN_POST})


class Kind(StrEnum):
    ADVICE = "ADVICE"  # 建议意见
    ACCUSATION = "ACCUSATION"  # 检举控告
    CLAIM = "CLAIM"  # 申诉求决


class LawfulChannel(StrEnum):
    LITIGATION = "LITIGATION"  # 诉讼等涉法涉诉程序
    ARBITRATION = "ARBITRATION"  # 仲裁
    PARTY_APPEAL = "PARTY_APPEAL"  # 党员申诉、申请复审
    ADMINISTRATIVE = "ADMINISTRATIVE"  # 复议、裁决、许可、处罚等行政程序
    ENFORCEMENT = "ENFORCEMENT"  # 申请查处、履行法定职责
    PETITION = "PETITION"  # 信访程序


class Petitioner(Struct, frozen=True):
    """Each part is sealed before it comes here."""

    name: str = ""
    contact: str = ""
    id_number: str = ""


class Filing(Struct, frozen=True):
    """The petition as the desk wrote it down; `petitioners` and `against` are sealed.

    `passed_from` is the code of a receipt that a front desk passed on; that desk knows the caller.
    `persons` are the petitioners' names, sealed so that every service finds them in free texts.
    """

    channel: Channel | None
    subject: str
    text: str
    petitioners: tuple[Petitioner, ...]
    head_count: int
    place: Place | None
    category: str
    priority: str
    against: str
    against_unit: str
    petitioner_indexes: tuple[str, ...] = ()
    passed_from: str = ""
    persons: tuple[str, ...] = ()


class Progress(Struct, frozen=True):
    time: datetime
    unit: str
    text: str
    public: bool


class Acceptance(Struct, frozen=True):
    """The clerk's decision on the kind of the petition."""

    kind: Kind
    lawful_channel: LawfulChannel | None
    accept_time: datetime


class Dismissal(Struct, frozen=True):
    """Why it was declined or referred, and where the petitioner was told to go."""

    reason: str
    told_where: str


class Handling(Struct, frozen=True):
    """The unit it was routed to, its incident, and the steps that were written down."""

    to_unit: str = ""
    incident: Followed | None = None
    progress: tuple[Progress, ...] = ()


class Ending(Struct, frozen=True):
    """The written reply; `close_time` is when the petition was filed after it."""

    reply: str
    reply_time: datetime
    close_time: datetime | None = None


class Petition(Struct, frozen=True):
    """`desk` answers to the petitioner; `units` are all that ever had to do with it.

    `pin_issue` counts the PINs that were given; 0 is the one of before they were counted. `barred`
    are the units below the one complained of, as the tree of units was when it was named, and one
    that was named in its place before. `corrected` are the facts that the desk has corrected since
    its incident was opened.
    """

    id: UUID
    code: str
    version: int
    time: datetime
    state: State
    desk: str
    area: str
    register_time: datetime
    filing: Filing
    units: tuple[str, ...]
    acceptance: Acceptance | None = None
    dismissal: Dismissal | None = None
    handling: Handling = Handling()
    ending: Ending | None = None
    pin_issue: int = 0
    barred: tuple[str, ...] = ()
    corrected: tuple[Corrected, ...] = ()

    @property
    def kind(self) -> Kind | None:
        """The kind of the petition; None until a clerk has accepted it."""
        return self.acceptance.kind if self.acceptance else None


# A person or an unnamed unit is complained of: it may be any unit. No unit has this code.
SOMEBODY = "*"


def accused(petition: Petition) -> str:
    """The unit complained of, until a clerk has said that it is no accusation; else empty.

    SOMEBODY where a person or an unnamed unit is complained of.
    """
    if petition.kind not in (None, Kind.ACCUSATION):
        return ""
    somebody = petition.kind is Kind.ACCUSATION or petition.filing.against
    return petition.filing.against_unit or (SOMEBODY if somebody else "")


def audience(petition: Petition) -> tuple[str, ...]:
    """The units that may know of it: all that had to do with it, except an accused one and those
    below it.

    The desk knows what it has registered itself, even against itself.
    """
    whom = accused(petition)
    hidden = {whom, *petition.barred} - {petition.desk} if whom else set()
    return tuple(unit for unit in petition.units if unit not in hidden)


def watched_area(petition: Petition) -> str:
    """The area whose watchers may know of it.

    Empty for what may be an accusation: any of the watchers may be the accused.
    """
    return "" if accused(petition) else petition.area


def may_see(petition: Petition, actor: Actor) -> bool:
    """Whether the actor may know that the petition exists."""
    return sees(actor, facts_of(petition))


def facts_of(petition: Petition) -> Facts:
    """The facts for the rule of sight."""
    return Facts(PETITION, audience(petition), petition.area, accused=accused(petition))


def incident_of(petition: Petition) -> UUID | None:
    """The id of its incident, which is its own; None before it is routed."""
    return petition.id if petition.handling.incident else None


def handling_units(petition: Petition) -> set[str]:
    """The units that may write: the desk, and the unit that handles it now."""
    return {petition.desk, holding_unit(petition.handling.incident) or petition.desk}

"""The dispute 矛盾纠纷: its states, the parts of its record, and who may know of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument
from backbone.words.followed import Followed, holding_unit
from backbone.words.matter_code import Intake, intake_of
from backbone.words.place import Place
from backbone.words.sight import DISPUTE, PETITION, Facts, born, sees


class State(StrEnum):
    REGISTERED = "REGISTERED"  # 已登记
    ACCEPTED = "ACCEPTED"  # 已受理
    REFUSED = "REFUSED"  # 不予受理
    ROUTED = "ROUTED"  # 已分流: a mediation body is to take it
    MEDIATING = "MEDIATING"  # 调解中
    AGREED = "AGREED"  # 已达成协议
    FAILED = "FAILED"  # 调解不成
    CLOSED = "CLOSED"  # 已归档


ANY = frozenset(State)
# It was accepted, and its mediation has not ended.
OPEN = frozenset({State.ACCEPTED, State.ROUTED, State.MEDIATING})
# Nothing more is to be done for it.
OVER = frozenset({State.REFUSED, State.CLOSED})


class Kind(StrEnum):
    MEDICAL = "MEDICAL"  # 医疗
    LABOUR = "LABOUR"  # 劳动
    ENVIRONMENT = "ENVIRONMENT"  # 环境
    LAND = "LAND"  # 土地、征地拆迁
    TRAFFIC = "TRAFFIC"  # 交通事故
    PROPERTY = "PROPERTY"  # 物业
    FAMILY = "FAMILY"  # 婚姻家庭
    CONSUMER = "CONSUMER"  # 消费
    CONTRACT = "CONTRACT"  # 合同债务
    NEIGHBOURS = "NEIGHBOURS"  # 邻里
    CAMPUS_INJURY = "CAMPUS_INJURY"  # 校园伤害
    OTHER = "OTHER"  # 其他


# The category that routing looks at: each kind has its own commission or mediation body.
CATEGORIES = {
    Kind.MEDICAL: "dispute.medical",
    Kind.LABOUR: "dispute.labour",
    Kind.ENVIRONMENT: "dispute.environment",
    Kind.LAND: "dispute.land",
    Kind.TRAFFIC: "dispute.traffic",
    Kind.PROPERTY: "dispute.property",
    Kind.FAMILY: "dispute.family",
    Kind.CONSUMER: "dispute.consumer",
    Kind.CONTRACT: "dispute.contract",
    Kind.NEIGHBOURS: "dispute.neighbour",
    Kind.CAMPUS_INJURY: "dispute.campus",
    Kind.OTHER: "dispute",
}


class Source(StrEnum):
    WALK_IN = "WALK_IN"  # 当事人上门
    ALARM = "ALARM"  # 警调对接
    PETITION = "PETITION"  # 访调对接
    MISSION = "MISSION"  # 应急任务
    COURT = "COURT"  # 诉调对接
    PROCURATORATE = "PROCURATORATE"  # 检调对接
    GRID = "GRID"  # 网格排查


# They report what they saw or heard; the parties are named once a mediator has met them.
NAMED_LATER = frozenset({Source.ALARM, Source.MISSION, Source.GRID})


class Mediation(StrEnum):
    PEOPLE = "PEOPLE"  # 人民调解
    ADMINISTRATIVE = "ADMINISTRATIVE"  # 行政调解
    JUDICIAL = "JUDICIAL"  # 司法调解
    COMMISSION = "COMMISSION"  # 专业调解委员会


class Side(StrEnum):
    APPLICANT = "APPLICANT"  # 申请人
    RESPONDENT = "RESPONDENT"  # 被申请人


class Party(Struct, frozen=True):
    """Name and contact are sealed before they come here."""

    side: Side | None = None
    name: str = ""
    contact: str = ""


class Origin(Struct, frozen=True):
    """The record of another service that it came from."""

    id: str
    code: str


class Filing(Struct, frozen=True):
    """The report as the desk wrote it down; `violence` says that the matter itself is violence.

    `persons` are the names of the parties, sealed so that every service finds them in free texts.
    """

    kind: Kind | None
    source: Source | None
    level: int
    violence: bool
    subject: str
    text: str
    parties: tuple[Party, ...]
    place: Place | None
    category: str
    priority: str
    origin: Origin | None = None
    persons: tuple[str, ...] = ()


class Session(Struct, frozen=True):
    time: datetime
    mediator: str
    unit: str
    text: str


class Agreement(Struct, frozen=True):
    oral: bool = False
    document: str = ""
    facts: str = ""
    liability: str = ""
    terms: str = ""
    performance: str = ""
    performance_due_time: datetime | None = None


class Acceptance(Struct, frozen=True):
    """How the desk has it mediated."""

    mediation: Mediation
    accept_time: datetime


class Routing(Struct, frozen=True):
    """The unit it was routed to, and its incident."""

    to_unit: str = ""
    incident: Followed | None = None


class Proceedings(Struct, frozen=True):
    """The sessions, and the agreement that they led to."""

    sessions: tuple[Session, ...] = ()
    agreement: Agreement | None = None


class Ending(Struct, frozen=True):
    """When it was refused, agreed or failed, and when it was filed after that.

    Of a refusal or failure: why, and which lawful channel the parties were told.
    """

    end_time: datetime
    reason: str = ""
    told_where: str = ""
    close_time: datetime | None = None


class Dispute(Struct, frozen=True):
    """`desk` answers for the ledger; `units` are all that ever had to do with it."""

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
    routing: Routing = Routing()
    proceedings: Proceedings = Proceedings()
    ending: Ending | None = None


def may_see(dispute: Dispute, actor: Actor) -> bool:
    """Whether the actor may know that the dispute exists."""
    return sees(actor, facts_of(dispute))


def facts_of(dispute: Dispute) -> Facts:
    """The facts for the rule of sight."""
    return Facts(source_of(dispute.filing), dispute.units, dispute.area)


def source_of(filing: Filing) -> str:
    """A dispute that comes from a petition is unknown to whom the petition is."""
    return born(DISPUTE, origin_of(filing))


def source_by_code(code: str) -> Source | None:
    """A petition's code says where a dispute comes from, whatever the desk says."""
    return Source.PETITION if intake_of(code) is Intake.PETITION else None


def origin_of(filing: Filing) -> str:
    """The source of the matter that it comes from, if that one limits who may see it."""
    return PETITION if filing.source is Source.PETITION else ""


def mediating_units(dispute: Dispute) -> set[str]:
    """The units that may write: the desk, and the unit that handles it now."""
    return {dispute.desk, holding_unit(dispute.routing.incident) or dispute.desk}


def incident_of(dispute: Dispute) -> UUID | None:
    """The id of its incident, which is its own; None before it is routed."""
    return dispute.id if dispute.routing.incident else None


def require_parties(parties: tuple[Party, ...]) -> tuple[Party, ...]:
    """Raises InvalidArgument where a party is missing or has no name."""
    if not parties or not all(party.name for party in parties):
        raise InvalidArgument("PARTIES_MISSING")
    return parties

"""The dispute 矛盾纠纷: its states, its record, and how it enters the one ledger."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.guards import require_category, require_priority, require_short, require_text
from backbone.words.place import Place

LONGEST_SUBJECT = 500


class State(StrEnum):
    REGISTERED = "REGISTERED"  # 已登记
    ACCEPTED = "ACCEPTED"  # 已受理
    REFUSED = "REFUSED"  # 不予受理
    ROUTED = "ROUTED"  # 已分流: a mediation body is to take it
    MEDIATING = "MEDIATING"  # 调解中
    AGREED = "AGREED"  # 达成协议
    FAILED = "FAILED"  # 调解不成
    CLOSED = "CLOSED"  # 已归档


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


# They pass on what they saw or heard; the parties are named when somebody has met them.
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
    """What the desk wrote down; `violence` says that the matter itself is violence."""

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
    mediation: Mediation | None = None
    accept_time: datetime | None = None
    to_unit: str = ""
    incident: Followed | None = None
    sessions: tuple[Session, ...] = ()
    agreement: Agreement | None = None
    reason: str = ""
    told_where: str = ""
    end_time: datetime | None = None
    close_time: datetime | None = None


class RegisterDispute(Struct, frozen=True):
    """Register 登记: by a desk, or by the record that another service refers."""

    by: Actor
    id: UUID
    code: str
    filing: Filing


class DisputeRegistered(Struct, frozen=True):
    time: datetime
    id: UUID
    code: str
    desk: str
    area: str
    filing: Filing


def register(
    found: Dispute | None, command: RegisterDispute, now: datetime, city: City
) -> DisputeRegistered:
    if found is not None:
        raise InvalidTransition("ALREADY_REGISTERED", code=found.code)
    filing, desk = _complete(command.filing, city), command.by
    home = city.units.get(desk.unit)
    known = (filing.place.area if filing.place else "") or desk.area
    area = known or (home.area if home else "")
    return DisputeRegistered(now, command.id, command.code, desk.unit, area, filing)


def _complete(filing: Filing, city: City) -> Filing:
    if filing.kind is None:
        raise InvalidArgument("KIND_MISSING")
    if filing.level not in (0, 1, 2, 3):
        raise InvalidArgument("UNKNOWN_LEVEL", level=filing.level)
    source = filing.source or Source.WALK_IN
    if filing.parties or source not in NAMED_LATER:
        require_parties(filing.parties)
    return replace(
        filing,
        source=source,
        level=filing.level or 3,
        subject=require_text(filing.subject, "SUBJECT_MISSING", LONGEST_SUBJECT),
        text=require_short(filing.text),
        category=require_category(city, filing.category) or CATEGORIES[filing.kind],
        priority=require_priority(filing.priority),
    )


def require_parties(parties: tuple[Party, ...]) -> tuple[Party, ...]:
    if not parties or not all(party.name for party in parties):
        raise InvalidArgument("PARTIES_MISSING")
    return parties


def registered(event: DisputeRegistered) -> Dispute:
    return Dispute(
        id=event.id,
        code=event.code,
        version=0,
        time=event.time,
        state=State.REGISTERED,
        desk=event.desk,
        area=event.area,
        register_time=event.time,
        filing=event.filing,
        units=(event.desk,),
    )


def involved(found: Dispute) -> set[str]:
    """The units that may write: the desk, and whoever has it now."""
    return {found.desk, found.incident.unit if found.incident else found.desk}

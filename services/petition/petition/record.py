"""The petition 信访件: its states, its record, and how it is registered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.guards import require_category, require_priority, require_text, require_unit
from backbone.words.place import Place

MOST_REPRESENTATIVES = 5  # Petition Regulations, art. 20: of those who visit
MOST_NAMED = 100
LONGEST_SUBJECT = 500


class State(StrEnum):
    REGISTERED = "REGISTERED"  # 已登记
    ACCEPTED = "ACCEPTED"  # 已受理
    DECLINED = "DECLINED"  # 不予受理
    REFERRED = "REFERRED"  # 已转送: to a body outside this flow
    ASSIGNED = "ASSIGNED"  # 已交办: routed into the flow
    HANDLING = "HANDLING"  # 办理中: a unit has claimed it
    REPLIED = "REPLIED"  # 已答复
    CLOSED = "CLOSED"  # 已办结


class Channel(StrEnum):
    LETTER = "LETTER"  # 来信
    VISIT = "VISIT"  # 来访
    ONLINE = "ONLINE"  # 网上
    HOTLINE = "HOTLINE"  # 热线
    VIDEO = "VIDEO"  # 视频
    PROXY = "PROXY"  # 信访代理
    GREEN_POST = "GREEN_POST"  # 绿色邮政
    RECEPTION = "RECEPTION"  # 接访


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
    """What the desk wrote down; `petitioners` and `against` are sealed."""

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


class Progress(Struct, frozen=True):
    time: datetime
    unit: str
    text: str
    public: bool


class Petition(Struct, frozen=True):
    """`desk` answers to the petitioner; `units` are all that ever had to do with it."""

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
    kind: Kind | None = None
    lawful_channel: LawfulChannel | None = None
    accept_time: datetime | None = None
    reason: str = ""
    told_where: str = ""
    to_unit: str = ""
    incident: Followed | None = None
    progress: tuple[Progress, ...] = ()
    reply: str = ""
    reply_time: datetime | None = None
    close_time: datetime | None = None


# Whoever it is, somebody in sight may be meant: no unit has this code.
SOMEBODY = "*"


def accused(found: Petition) -> str:
    """The unit complained of, until a clerk has said that it is no accusation; empty: nobody.

    SOMEBODY where a person is complained of, or somebody who has not been named.
    """
    if found.kind not in (None, Kind.ACCUSATION):
        return ""
    somebody = found.kind is Kind.ACCUSATION or found.filing.against
    return found.filing.against_unit or (SOMEBODY if somebody else "")


class RegisterPetition(Struct, frozen=True):
    """Register 登记."""

    by: Actor
    id: UUID
    code: str
    filing: Filing


class PetitionRegistered(Struct, frozen=True):
    time: datetime
    id: UUID
    code: str
    desk: str
    area: str
    filing: Filing


def register(
    found: Petition | None, command: RegisterPetition, now: datetime, city: City
) -> PetitionRegistered:
    if found is not None:
        raise InvalidTransition("ALREADY_REGISTERED", code=found.code)
    filing = _complete(command.filing)
    require_category(city, filing.category)
    if filing.against_unit:
        require_unit(city, filing.against_unit)
    desk = command.by
    area = (filing.place.area if filing.place else "") or desk.area
    return PetitionRegistered(now, command.id, command.code, desk.unit, area, filing)


def _complete(filing: Filing) -> Filing:
    named = len(filing.petitioners)
    if filing.channel is None:
        raise InvalidArgument("CHANNEL_MISSING")
    if not named or not all(each.name for each in filing.petitioners):
        raise InvalidArgument("PETITIONER_MISSING")
    if filing.channel is Channel.VISIT and named > MOST_REPRESENTATIVES:
        raise InvalidArgument("TOO_MANY_REPRESENTATIVES", named=named, most=MOST_REPRESENTATIVES)
    if named > MOST_NAMED:
        raise InvalidArgument("TOO_MANY_NAMED", named=named, most=MOST_NAMED)
    return replace(
        filing,
        subject=require_text(filing.subject, "SUBJECT_MISSING", LONGEST_SUBJECT),
        text=require_text(filing.text, "TEXT_MISSING"),
        head_count=max(filing.head_count, named),
        priority=require_priority(filing.priority),
    )


def registered(event: PetitionRegistered) -> Petition:
    return Petition(
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

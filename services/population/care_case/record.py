"""The care case 帮扶档案: its states, its record, who is entrusted, and how it is registered."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.guards import require_text, require_unit

HAND_OVER_WITHIN = timedelta(days=10)  # Community Correction Law, art. 21
LONGEST_BASIS = 500


class State(StrEnum):
    SENT = "SENT"  # 已移交待接收
    ACTIVE = "ACTIVE"  # 帮扶中
    ENDED = "ENDED"  # 已解除
    SEALED = "SEALED"  # 已封存


class Programme(StrEnum):
    """A closed list, each with its legal basis; contract and table refuse any other."""

    COMMUNITY_CORRECTION = "COMMUNITY_CORRECTION"  # 社区矫正
    POST_RELEASE_SUPPORT = "POST_RELEASE_SUPPORT"  # 安置帮教
    DRUG_REHABILITATION = "DRUG_REHABILITATION"  # 社区戒毒、社区康复
    MENTAL_DISORDER_CARE = "MENTAL_DISORDER_CARE"  # 严重精神障碍患者照护
    MINOR_PROTECTION = "MINOR_PROTECTION"  # 未成年人保护
    MIGRANT_SERVICE = "MIGRANT_SERVICE"  # 流动人口服务: requests for services only


class CareClass(StrEnum):
    GREEN = "GREEN"
    YELLOW = "YELLOW"
    RED = "RED"


class Office(StrEnum):
    OFFICER = "OFFICER"  # 办案人员
    DOCTOR = "DOCTOR"  # 医生


class Activity(StrEnum):
    FAMILY_VISIT = "FAMILY_VISIT"  # 家访
    STUDY = "STUDY"  # 学习
    SERVICE_WORK = "SERVICE_WORK"  # 公益活动
    REVIEW = "REVIEW"  # 评审
    COUNSELLING = "COUNSELLING"  # 心理疏导
    AID = "AID"  # 救助
    JOB = "JOB"  # 就业


class VisitState(StrEnum):
    PLANNED = "PLANNED"
    MADE = "MADE"
    MISSED = "MISSED"


class Person(Struct, frozen=True):
    """Each part is sealed before it comes here."""

    name: str = ""
    id_number: str = ""
    contact: str = ""


class Admission(Struct, frozen=True):
    """What the sender hands over; `legal_basis` is the decision or certificate."""

    programme: Programme | None
    legal_basis: str
    person: Person | None
    hand_over_due_time: datetime | None
    term_end_time: datetime | None


class ClassDecision(Struct, frozen=True):
    care_class: CareClass
    office: Office
    decided_by: str
    document: str
    time: datetime


class Visit(Struct, frozen=True):
    """`finding` is sealed: it says how somebody is."""

    id: UUID
    activity: Activity
    due_time: datetime
    state: VisitState = VisitState.PLANNED
    visit_time: datetime | None = None
    worker: str = ""
    finding: str = ""


class ServiceRequest(Struct, frozen=True):
    """A matter of its own: its id and code lead nobody to the case."""

    id: UUID
    code: str
    category: str
    priority: str
    text: str
    request_time: datetime
    incident: Followed
    result: str = ""


class CareCase(Struct, frozen=True):
    """`sender` handed over to `unit`; `due_time` is when the next clock of the case fires."""

    id: UUID
    code: str
    version: int
    time: datetime
    state: State
    sender: str
    sent_by: str
    unit: str
    area: str
    register_time: datetime
    admission: Admission
    due_time: datetime | None = None
    hand_over_overdue: bool = False
    receive_time: datetime | None = None
    care_workers: tuple[str, ...] = ()
    class_decision: ClassDecision | None = None
    visits: tuple[Visit, ...] = ()
    services: tuple[ServiceRequest, ...] = ()
    service_ids: tuple[UUID, ...] = ()
    end_reason: str = ""
    end_time: datetime | None = None


class RegisterCareCase(Struct, frozen=True):
    """Register 移交: the hand-over is sent, and waits to be received."""

    by: Actor
    id: UUID
    code: str
    to_unit: str
    admission: Admission


class CareCaseRegistered(Struct, frozen=True):
    time: datetime
    id: UUID
    code: str
    sender: str
    sent_by: str
    unit: str
    area: str
    admission: Admission


def register(
    found: CareCase | None, command: RegisterCareCase, now: datetime, city: City
) -> CareCaseRegistered:
    if found is not None:
        raise InvalidTransition("ALREADY_REGISTERED", code=found.code)
    if not command.to_unit:
        raise InvalidArgument("UNIT_MISSING")
    unit, sender = require_unit(city, command.to_unit), command.by
    admission = _complete(command.admission, now)
    return CareCaseRegistered(
        now, command.id, command.code, sender.unit, sender.user, unit.code, unit.area, admission
    )


def _complete(admission: Admission, now: datetime) -> Admission:
    if admission.programme is None:
        raise InvalidArgument("PROGRAMME_MISSING")
    if admission.person is None or not admission.person.name:
        raise InvalidArgument("PERSON_MISSING")
    basis = require_text(admission.legal_basis, "LEGAL_BASIS_MISSING", LONGEST_BASIS)
    due = admission.hand_over_due_time or now + HAND_OVER_WITHIN
    for time in (due, admission.term_end_time):
        require_ahead(time, now)
    return replace(admission, legal_basis=basis, hand_over_due_time=due)


def require_ahead(time: datetime | None, now: datetime) -> None:
    if time is not None and time <= now:
        raise InvalidArgument("DUE_TIME_OVER", time=time.isoformat())


def registered(event: CareCaseRegistered) -> CareCase:
    return CareCase(
        id=event.id,
        code=event.code,
        version=0,
        time=event.time,
        state=State.SENT,
        sender=event.sender,
        sent_by=event.sent_by,
        unit=event.unit,
        area=event.area,
        register_time=event.time,
        admission=event.admission,
    )


def is_head(found: CareCase, actor: Actor) -> bool:
    return actor.role == "head" and actor.unit == found.unit


def is_entrusted(found: CareCase, actor: Actor) -> bool:
    """Only the people named, and the head of their unit; no office, no superior, no watcher."""
    named = actor.user in found.care_workers and actor.unit == found.unit
    return bool(actor.user) and (named or is_head(found, actor))


def has_sent(found: CareCase, actor: Actor) -> bool:
    """Who handed over may see that the person was received, and nothing of the care."""
    return bool(actor.user) and (actor.user, actor.unit) == (found.sent_by, found.sender)


def require_head(found: CareCase, actor: Actor) -> None:
    if not is_head(found, actor):
        raise Denied("NOT_THE_HEAD", unit=found.unit)


def require_entrusted(found: CareCase, actor: Actor) -> None:
    if not is_entrusted(found, actor):
        raise Denied("NOT_ENTRUSTED")

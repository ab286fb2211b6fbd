"""The care case 帮扶档案: its states, its record, and who is entrusted."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.sight import CASE, Facts, sees


class State(StrEnum):
    SENT = "SENT"  # 已移交待接收
    ACTIVE = "ACTIVE"  # 帮扶中
    ENDED = "ENDED"  # 已解除
    SEALED = "SEALED"  # 已封存
    FORGOTTEN = "FORGOTTEN"  # 已依法遗忘


ANY = frozenset(State)
CARED_FOR = frozenset({State.ACTIVE})
# What was done in the time of care may still be written down, until the file is sealed.
WRITTEN_DOWN = CARED_FOR | {State.ENDED}
OVER = frozenset({State.ENDED, State.SEALED, State.FORGOTTEN})


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
    """The hand-over by the sender; `legal_basis` is the decision or certificate."""

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
    """`finding` is sealed: it says how the person is."""

    id: UUID
    activity: Activity
    due_time: datetime
    state: VisitState = VisitState.PLANNED
    visit_time: datetime | None = None
    worker: str = ""
    finding: str = ""


class ServiceRequest(Struct, frozen=True):
    """A matter of its own: neither id nor code leads to the case."""

    id: UUID
    code: str
    category: str
    priority: str
    text: str
    request_time: datetime
    incident: Followed
    result: str = ""


class HandOver(Struct, frozen=True):
    """The sender, the time of the hand-over, and whether the person was met in time."""

    sender: str
    sent_by: str
    register_time: datetime
    hand_over_overdue: bool = False
    receive_time: datetime | None = None


class Charge(Struct, frozen=True):
    """The unit that cares, and the users whom its head has entrusted with the person."""

    unit: str
    area: str
    care_workers: tuple[str, ...] = ()


class Ending(Struct, frozen=True):
    end_reason: str
    end_time: datetime


class Forgetting(Struct, frozen=True):
    forget_reason: str
    forget_time: datetime


class CareCase(Struct, frozen=True):
    id: UUID
    code: str
    version: int
    time: datetime
    state: State
    admission: Admission
    hand_over: HandOver
    charge: Charge
    class_decision: ClassDecision | None = None
    visits: tuple[Visit, ...] = ()
    services: tuple[ServiceRequest, ...] = ()
    ending: Ending | None = None
    forgetting: Forgetting | None = None


def require_ahead(time: datetime | None, now: datetime, field: str) -> None:
    if time is not None and time <= now:
        raise InvalidArgument("DUE_TIME_OVER", time=time.isoformat(), field=field)


def is_head(case: CareCase, actor: Actor) -> bool:
    return actor.role == "head" and actor.unit == case.charge.unit


def is_entrusted(case: CareCase, actor: Actor) -> bool:
    """Only the people named, and the head of their unit; no office, no superior, no watcher."""
    named = actor.user in case.charge.care_workers and actor.unit == case.charge.unit
    return bool(actor.user) and (named or is_head(case, actor))


def has_sent(case: CareCase, actor: Actor) -> bool:
    """Whether the actor handed the person over, and so sees the reception, but no care."""
    sent = case.hand_over
    return bool(actor.user) and (actor.user, actor.unit) == (sent.sent_by, sent.sender)


def is_audited(case: CareCase, actor: Actor) -> bool:
    """The auditor of the area reads it, and no other who watches over the area."""
    return sees(actor, Facts(CASE, area=case.charge.area))


def require_head(case: CareCase, actor: Actor) -> None:
    if not is_head(case, actor):
        raise Denied("NOT_THE_HEAD", unit=case.charge.unit)


def require_remembered(case: CareCase, command: object) -> None:
    if case.state is State.FORGOTTEN:
        raise InvalidTransition("PERSON_FORGOTTEN")


def require_entrusted(case: CareCase, actor: Actor) -> None:
    if not is_entrusted(case, actor):
        raise Denied("NOT_ENTRUSTED")

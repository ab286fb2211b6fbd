"""The incident 事件: its states, its record, and how it is opened."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.matter import Matter
from backbone.words.place import Place


class State(StrEnum):
    REPORTED = "REPORTED"  # 已登记: exists, not yet routed
    TRIAGE = "TRIAGE"  # 待分流: no rule matched, or returned; a dispatcher decides
    OFFERED = "OFFERED"  # 待认领: in a unit's pool
    CLAIMED = "CLAIMED"  # 已签收: somebody holds it
    HANDLING = "HANDLING"  # 办理中: the holder has reported progress
    SUSPENDED = "SUSPENDED"  # 中止
    RESOLVED = "RESOLVED"  # 已办结待核
    CLOSED = "CLOSED"  # 已归档
    MERGED = "MERGED"  # 已并案
    VOIDED = "VOIDED"  # 无效


HELD = frozenset({State.CLAIMED, State.HANDLING})
POOLED_OR_HELD = HELD | {State.OFFERED}
OPEN = POOLED_OR_HELD | {State.REPORTED, State.TRIAGE}


class Due(Struct, frozen=True):
    """One clock: it lapses once, and keeps the figures that it started under."""

    clock: str
    start_time: datetime
    due_time: datetime
    minutes: int
    rule: str
    lapse_time: datetime | None = None


class Offer(Struct, frozen=True):
    """What one unit asked of another and nobody has answered yet: a hand-off, or a return."""

    from_unit: str
    to_unit: str
    reason: str
    offer_time: datetime
    due: datetime
    raised_to: str = ""


class Routing(Struct, frozen=True):
    """Which row of the policy chose the unit, or the best guesses where none did."""

    rule: str
    unit: str
    policy_version: int
    guesses: tuple[str, ...] = ()


class Incident(Struct, frozen=True):
    """`accountable_unit` answers for it at every instant (I1); `unit` has it in its pool or hands.

    `sender` is whom the unit has it from, since `unit_time`; `handlers` are all who ever held it;
    `raised_to` designates, where it has bounced too often. `against` is the unit that it may
    accuse: then only the units involved know of it.
    """

    id: UUID
    code: str
    version: int
    time: datetime
    state: State
    source: str
    title: str
    narrative: str
    category: str
    priority: str
    place: Place
    desk: str
    open_time: datetime
    accountable_unit: str
    area: str
    unit: str = ""
    unit_time: datetime | None = None
    sender: str = ""
    holder: str = ""
    handlers: tuple[str, ...] = ()
    due: tuple[Due, ...] = ()
    hand_off: Offer | None = None
    pending_return: Offer | None = None
    routing: Routing | None = None
    assigned_by: str = ""
    instruction: str = ""
    bounces: int = 0
    raised_to: str = ""
    releases: int = 0
    reworks: int = 0
    outcome: str = ""
    reply: str = ""
    solved: str = ""
    verifier: str = ""
    void_reason: str = ""
    involved: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    due_time: datetime | None = None
    against: str = ""

    @property
    def watched_area(self) -> str:
        """Where those who watch over an area see it: nowhere, if it accuses somebody."""
        return "" if self.against else self.area


class OpenIncident(Struct, frozen=True):
    """Open 登记: services ask for it; the same matter never opens two."""

    by: Actor
    matter: Matter


class IncidentOpened(Struct, frozen=True):
    time: datetime
    matter: Matter


def open_incident(found: Incident | None, command: OpenIncident, now: datetime) -> IncidentOpened:
    if found is not None:
        raise InvalidTransition("ALREADY_OPEN", state=found.state, code=found.code)
    matter = command.matter
    missing = [name for name in ("code", "title", "desk", "source") if not getattr(matter, name)]
    if missing:
        raise InvalidArgument("MATTER_INCOMPLETE", missing=", ".join(missing))
    return IncidentOpened(now, matter)


def opened(event: IncidentOpened) -> Incident:
    matter = event.matter
    return Incident(
        id=matter.id,
        code=matter.code,
        version=0,
        time=event.time,
        state=State.REPORTED,
        source=matter.source,
        title=matter.title,
        narrative=matter.narrative,
        category=matter.category,
        priority=matter.priority,
        place=matter.place,
        desk=matter.desk,
        open_time=event.time,
        accountable_unit=matter.desk,
        area=matter.place.area,
        sender=matter.desk,
        against=matter.against,
    )


def require_holder(found: Incident, actor: Actor) -> None:
    if (actor.unit, actor.user) != (found.unit, found.holder):
        raise Denied("NOT_THE_HOLDER", holder=found.holder, unit=found.unit)


def require_no_question(found: Incident) -> None:
    """What another unit has been asked must be answered or lapse first."""
    for question, kind in ((found.hand_off, "hand_off"), (found.pending_return, "return")):
        if question is not None:
            raise InvalidTransition("ANSWER_PENDING", question=kind, unit=question.to_unit)


def require_text(text: str, reason: str) -> str:
    if not text.strip():
        raise InvalidArgument(reason)
    return text


def without_questions(found: Incident) -> Incident:
    return replace(found, hand_off=None, pending_return=None)

"""The incident 事件: its states, and its record in the parts that the use cases change."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import md5
from uuid import UUID

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.clock import Clock
from backbone.words.errors import Denied, InvalidTransition
from backbone.words.heard import HeardDanger
from backbone.words.matter import Matter
from backbone.words.sight import Facts, born


class State(StrEnum):
    REPORTED = "REPORTED"  # 已登记: exists, not yet routed
    TRIAGE = "TRIAGE"  # 待分流: no rule matched, or returned; a dispatcher decides
    OFFERED = "OFFERED"  # 待认领: in a unit's pool
    CLAIMED = "CLAIMED"  # 已签收: a person holds it
    HANDLING = "HANDLING"  # 办理中: the holder has reported progress
    SUSPENDED = "SUSPENDED"  # 中止
    RESOLVED = "RESOLVED"  # 已办结待核
    CLOSED = "CLOSED"  # 已归档
    MERGED = "MERGED"  # 已并案
    VOIDED = "VOIDED"  # 无效


HELD = frozenset({State.CLAIMED, State.HANDLING})
POOLED_OR_HELD = HELD | {State.OFFERED}
OPEN = POOLED_OR_HELD | {State.REPORTED, State.TRIAGE}
OVER = frozenset({State.CLOSED, State.MERGED, State.VOIDED})


class Assignment(Struct, frozen=True):
    """A binding order 交办 to `unit`, which may object to it once, until `objection_due_time`."""

    unit: str
    objection_due_time: datetime
    objected: bool = False


class Charge(Struct, frozen=True):
    """The units and people who are in charge of it.

    `accountable_unit` answers for it at every instant; `unit` has it in its pool or hands
    since `unit_time`, and has it from `sender`. `handlers` are all people who ever held it.
    `raised_to` is the superior that designates, after too many bounces; `raise_time` is since when,
    if the unit kept it.
    `assignment` is None for an order of 0.1.0, to which no unit may object.
    """

    accountable_unit: str
    unit: str = ""
    unit_time: datetime | None = None
    sender: str = ""
    holder: str = ""
    handlers: tuple[str, ...] = ()
    assigned_by: str = ""
    instruction: str = ""
    raised_to: str = ""
    assignment: Assignment | None = None
    raise_time: datetime | None = None

    def assignment_to(self, unit: str) -> Assignment | None:
        """The assignment, if it binds this unit: it ends when another unit gets the incident."""
        given = self.assignment
        return given if given and given.unit == unit else None


class Routing(Struct, frozen=True):
    """The row of the policy that chose the unit, or the best guesses where no row matched."""

    rule: str
    unit: str
    policy_version: int
    guesses: tuple[str, ...] = ()


class Question(Struct, frozen=True):
    """A question of one unit to another, until it is answered (`question`)."""

    kind: str
    from_unit: str
    to_unit: str
    reason: str
    ask_time: datetime
    due_time: datetime
    raised_to: str = ""


class Ending(Struct, frozen=True):
    """How the work ended, and what the call-back found. It is over since `over_time`; None while it
    is not, and where an older release has ended it."""

    outcome: str = ""
    reply: str = ""
    solved: str = ""
    verifier: str = ""
    verifier_role: str = ""
    void_reason: str = ""
    voided_by: str = ""
    voided_role: str = ""
    merged_into: str = ""
    merged_code: str = ""
    merged_by: str = ""
    merged_role: str = ""
    over_time: datetime | None = None


class Report(Struct, frozen=True):
    """The contribution of one receipt to the facts; that of the opening receipt comes first.

    `link_version` and `version` are the versions of the receipt at its last link and at its last
    correction: what is older and comes late is known already.
    """

    receipt: str
    code: str
    linked: bool = False
    link_version: int = 0
    version: int = 0
    place: str = ""
    narrative: str = ""
    category: str = ""
    danger: str = ""
    merged: str = ""
    heard: HeardDanger | None = None


class Counts(Struct, frozen=True):
    """How often it came back: between units, into the pool, from the call-back."""

    bounces: int = 0
    releases: int = 0
    reworks: int = 0


class Supervised(Struct, frozen=True):
    """One of the supervisions 督办 of an incident, until it is lifted.

    `unit` supervises. `addressed` are all units that it has asked about this incident; `late_by`
    those that owe an answer whose time is over, `marked` all that were ever late. `ask_time`
    is when it last asked; `after_end`: the incident was over then.
    """

    id: UUID
    version: int
    level: str
    unit: str
    addressed: tuple[str, ...] = ()
    owed_by: tuple[str, ...] = ()
    late_by: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    due_time: datetime | None = None
    ask_time: datetime | None = None
    after_end: bool = False


class Urged(Struct, frozen=True):
    """How often one kind of urger has urged it 催办, and when last."""

    urger: str
    count: int
    time: datetime


class Incident(Struct, frozen=True):
    """The responsibility for one matter; `involved` are all units that ever had to do with it.

    `suggested` is the unit that the policy names since a correction. `reports` are empty until a
    receipt was corrected or linked. `reported`: there was progress since the unit got it.
    `team_time` is when the first team was at the scene. `barred` are units that may not read it any
    more, because it accuses them since a correction. `judges` are those among `involved` that have
    supervised it and nothing else.
    """

    id: UUID
    version: int
    time: datetime
    state: State
    matter: Matter
    open_time: datetime
    charge: Charge
    routing: Routing | None = None
    clocks: tuple[Clock, ...] = ()
    questions: tuple[Question, ...] = ()
    ending: Ending = Ending()
    counts: Counts = Counts()
    involved: tuple[str, ...] = ()
    supervisions: tuple[Supervised, ...] = ()
    urges: tuple[Urged, ...] = ()
    suggested: Routing | None = None
    reports: tuple[Report, ...] = ()
    reported: bool = False
    team_time: datetime | None = None
    barred: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        return self.matter.place.area

    @property
    def watched_area(self) -> str:
        """The area whose watchers may see it: none, if it accuses a unit."""
        return "" if self.matter.against else self.area

    @property
    def attended(self) -> bool:
        """Whether no arrival is to be waited for: the unit has reported, or a team is there."""
        return self.reported or self.team_time is not None

    @property
    def answering_unit(self) -> str:
        """The unit that a supervision asks: that of the pool it lies in, else the accountable."""
        charge = self.charge
        in_pool = self.state is State.OFFERED
        return charge.unit if in_pool and charge.unit else charge.accountable_unit

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def readers(self) -> tuple[str, ...]:
        """The units that may read it: all that had to do with it, except the accused one.

        The desk knows what it has taken down itself, even against itself. An accusation is read by
        no unit that watches over it alone: a supervisor loses the supervision with it.
        """
        hidden = self.hidden_from.union(self.judges if self.matter.against else ())
        return tuple(unit for unit in self.involved if unit not in hidden)

    @property
    def hidden_from(self) -> frozenset[str]:
        """The units that it accuses, and those below them since a correction; not the desk."""
        return frozenset({self.matter.against, *self.barred} - {"", self.matter.desk})

    def is_kept_from(self, unit: str) -> bool:
        """Whether it accuses a unit, and this one may not know of that: a unit that supervises it
        may be the accused, or have nothing to do with it but to judge an answer."""
        accuses = bool(self.matter.against)
        return unit in self.hidden_from or (accuses and unit not in self.readers)

    @property
    def facts(self) -> Facts:
        """The facts for the rule of sight."""
        matter = self.matter
        source = born(matter.source, matter.origin)
        return Facts(source, self.readers, self.area, accused=matter.against)


@lru_cache(maxsize=16_384)  # asked for every write of what a person holds
def holder_key(unit: str, user: str) -> UUID:
    """The key of the group of incidents that one person of one unit holds.

    MD5, because a migration has to make the same key without an extension of Postgres.
    """
    return UUID(md5(f"{unit}/{user}".encode(), usedforsecurity=False).hexdigest())


@lru_cache(maxsize=4_096)
def last_holder_key(unit: str, user: str) -> UUID:
    """The key of the group of supervised incidents that a person was the last one to hold."""
    return holder_key(f"last/{unit}", user)


def over(incident: Incident) -> InvalidTransition:
    """The refusal of what an ended incident does not take; a merged one names its host."""
    code, host = incident.matter.code, incident.ending.merged_code
    if incident.state is State.MERGED and host:
        return InvalidTransition("INCIDENT_MERGED", incident=code, into=host)
    return InvalidTransition("INCIDENT_OVER", incident=code, state=incident.state)


def require_holder(incident: Incident, actor: Actor) -> None:
    charge = incident.charge
    if (actor.unit, actor.user) != (charge.unit, charge.holder):
        raise Denied("NOT_THE_HOLDER", holder=charge.holder, unit=charge.unit)


def require_in_charge(incident: Incident, actor: Actor) -> None:
    """Allow the holder; while it is in the pool, every member of the unit."""
    if incident.state in HELD:
        require_holder(incident, actor)
    elif actor.unit != incident.charge.unit:
        raise Denied("NOT_YOUR_UNIT", unit=incident.charge.unit)

"""The supervision 督办: its states, and the answers that it demands of units."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.errors import Denied
from backbone.words.roles import SUPERVISORS
from backbone.words.sight import SUPERVISION, Facts, Relation, born, grants, sees


class Level(StrEnum):
    GENERAL = "GENERAL"  # 一般督办
    KEY = "KEY"  # 重点督办
    LISTED = "LISTED"  # 挂牌督办


class State(StrEnum):
    OPEN = "OPEN"  # 督办中: a unit owes an answer
    ANSWERED = "ANSWERED"  # 已回复: the supervisor accepts or rejects
    ACCEPTED = "ACCEPTED"  # 已认可
    LIFTED = "LIFTED"  # 已解除
    ENDED = "ENDED"  # 已终止: there is nothing left to answer for


class Answering(StrEnum):
    """The place of one answer."""

    OWED = "OWED"  # 待答复
    ANSWERED = "ANSWERED"  # 已回复
    ACCEPTED = "ACCEPTED"  # 已认可
    ENDED = "ENDED"  # 已终止: it is owed no more


class EndReason(StrEnum):
    """Why an owed answer is not waited for any more."""

    INCIDENT_VOIDED = "INCIDENT_VOIDED"  # 事件已作废
    INCIDENT_MERGED = "INCIDENT_MERGED"  # 事件已并案
    INCIDENT_CLOSED = "INCIDENT_CLOSED"  # 事件已归档
    UNIT_ACCUSED = "UNIT_ACCUSED"  # 该单位被检举，已回避
    SUPERVISOR_ACCUSED = "SUPERVISOR_ACCUSED"  # 督办单位被检举，已回避
    SUPERVISOR_UNTOLD = "SUPERVISOR_UNTOLD"  # 督办单位不得知悉检举，已终止


# Why a demand ended of which the supervising unit may not know any more.
KEPT = frozenset({EndReason.SUPERVISOR_ACCUSED, EndReason.SUPERVISOR_UNTOLD})
# Why a demand ended that is about an incident which accuses a unit.
ACCUSED = KEPT | {EndReason.UNIT_ACCUSED}


RUNNING = frozenset({State.OPEN, State.ANSWERED, State.ACCEPTED})
OVER = frozenset({State.LIFTED, State.ENDED})


class Addressed(Struct, frozen=True):
    """A unit that must answer for an incident."""

    incident: str
    unit: str
    incident_code: str = ""


class Deadline(Struct, frozen=True):
    """Until when an answer is due, and the rule; `provisional`, `old_due_time` as in a clock."""

    due_time: datetime
    rule: str
    amount: int
    measure: str
    provisional: bool = False
    old_due_time: datetime | None = None


class Demand(Struct, frozen=True):
    """The answer of one unit for one incident; `text` to `answer_time` are its last answer."""

    incident: str
    unit: str
    state: Answering
    question: str
    ask_time: datetime
    deadline: Deadline
    text: str = ""
    answerer: str = ""
    answer_time: datetime | None = None
    opinion: str = ""
    lapse_time: datetime | None = None
    end_reason: str = ""
    end_time: datetime | None = None
    incident_code: str = ""

    @property
    def has_lapsed(self) -> bool:
        """Whether the unit was marked for this question and still owes the answer."""
        return self.state is Answering.OWED and self.lapse_time is not None


class Mark(Struct, frozen=True):
    """A unit did not answer in time. Marks stay, also after a late answer."""

    unit: str
    time: datetime
    due_time: datetime
    incidents: tuple[str, ...]


class Supervision(Struct, frozen=True):
    """A demand of `unit` for answers about incidents; it changes nothing of the incidents.

    `area` is the smallest area that holds all incidents; empty if none does, and for an accusation,
    which no watcher over an area may see. `origins` are the sources of the incidents, `accused` is
    the unit that the first of them accuses, `also_accused` are those of others: who may not know of
    them does not know of this either. `accusations` are the incidents that began to accuse a unit
    only after the opening, `barred` the units that may not know of those since.
    """

    id: UUID
    version: int
    time: datetime
    state: State
    level: Level
    reason: str
    unit: str
    opener: str
    open_time: datetime
    area: str
    demands: tuple[Demand, ...]
    marks: tuple[Mark, ...] = ()
    opinion: str = ""
    lift_reason: str = ""
    lift_time: datetime | None = None
    origins: tuple[str, ...] = ()
    accused: str = ""
    accusations: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    also_accused: tuple[str, ...] = ()

    @property
    def readers(self) -> tuple[str, ...]:
        """The units that may read it: the supervising one, those that are asked, and the marked;
        none that it accuses."""
        asked = (each.unit for each in self.demands)
        marked = (each.unit for each in self.marks)
        units, hidden = dict.fromkeys((self.unit, *asked, *marked)), self.hidden_from
        return tuple(each for each in units if each not in hidden)

    @property
    def hidden_from(self) -> frozenset[str]:
        """The units that may not know of its accusing incidents: the supervising one, too, where it
        is accused or has nothing else to do with the incident."""
        ended = {(each.end_reason, each.unit) for each in self.demands}
        asked = {unit for reason, unit in ended if reason == EndReason.UNIT_ACCUSED}
        asks = {self.unit for reason, _ in ended if reason in KEPT}
        return frozenset({*self.barred, *asked, *asks})

    @property
    def began(self) -> frozenset[str]:
        """The incidents that began to accuse a unit after the opening."""
        ended = (each.incident for each in self.demands if each.end_reason in ACCUSED)
        return frozenset({*ended, *self.accusations})

    @property
    def accusing(self) -> frozenset[str]:
        """Its incidents that accuse a unit: those that began to, or the one that it is about."""
        return frozenset(self.began or self.incidents) if self.accused else frozenset()

    @property
    def apart(self) -> tuple[str, ...]:
        """The units that have to do with other incidents than the accusing ones alone, and know of
        no accusation: the accused ones among them. They see that part, and go on with it."""
        if not self.accused:
            return ()
        accusing, hidden = self.accusing, self.hidden_from
        told = {each.unit for each in self.demands if each.incident in accusing} | {self.unit}
        others = [each.unit for each in self.demands if each.incident not in accusing]
        supervising = [self.unit] if others else []
        units = dict.fromkeys((*others, *supervising))
        return tuple(each for each in units if each in hidden or each not in told)

    def known_to(self, unit: str) -> tuple[Demand, ...]:
        """What it demands, without what the unit may not know of."""
        if unit not in self.hidden_from and unit not in self.apart:
            return self.demands
        accusing = self.accusing
        return tuple(each for each in self.demands if each.incident not in accusing)

    @property
    def facts(self) -> Facts:
        """The facts for the rule of sight."""
        source = born(SUPERVISION, *self.origins)
        return Facts(source, self.readers, self.area, accused=",".join(self.every_accused))

    @property
    def every_accused(self) -> tuple[str, ...]:
        """The units that its incidents accuse. Where what was owed has ended for an accusation that
        was not heard yet, the unit that it ended for stands for the accused one."""
        unheard = (
            each.unit if each.end_reason == EndReason.UNIT_ACCUSED else self.unit
            for each in self.demands
            if each.end_reason in ACCUSED and each.incident not in self.accusations
        )
        return tuple(filter(None, dict.fromkeys((self.accused, *self.also_accused, *unheard))))

    @property
    def incidents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.incident for each in self.demands))

    @property
    def codes(self) -> dict[str, str]:
        """The code of each incident; empty where an older release has opened the supervision."""
        return {each.incident: each.incident_code for each in self.demands}


def is_apart(supervision: Supervision, actor: Actor) -> bool:
    """Whether the actor sees of it the own unit's part alone, without the accusation."""
    source = supervision.facts.source
    return actor.unit in supervision.apart and any(
        each.relation is Relation.UNIT and source in each.sources for each in grants(actor)
    )


def is_seen(supervision: Supervision, actor: Actor) -> bool:
    return sees(actor, supervision.facts) or is_apart(supervision, actor)


def require_supervisor(supervision: Supervision, actor: Actor) -> None:
    """Allow the supervisors and leaders of the unit that supervises, not only the opener."""
    if actor.role not in SUPERVISORS or actor.unit != supervision.unit:
        raise Denied("NOT_THE_SUPERVISOR", unit=supervision.unit)

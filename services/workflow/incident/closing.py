"""After the work: verify 回访核实, rework 退回重办, file 归档; void 作废 a false matter."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor, is_another_person, is_same_hand
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.guards import require_text
from backbone.words.heard import HeardDanger, confirmed
from backbone.words.heard_report import HeardReport
from backbone.words.sight import sees
from services.workflow.incident import claiming, clocks, question, reports, routing
from services.workflow.incident.record import OPEN, Incident, Routing, State
from services.workflow.incident.routing import require_dispatcher
from services.workflow.incident.waiting import (
    REWORKS,
    UNSOLVED,
    is_to_be_reworked,
    makes_call_backs,
)
from services.workflow.incident.world import World

# An end answers to no danger at all.
NO_PRIORITY = ""


class Finding(StrEnum):
    YES = "YES"  # 已解决
    PARTLY = "PARTLY"  # 部分解决
    CANNOT_EXPLAINED = "CANNOT_EXPLAINED"  # 不能解决, 已说明
    NO = UNSOLVED  # 未解决


class VoidReason(StrEnum):
    HOAX = "HOAX"  # 恶意报警
    TEST = "TEST"  # 测试
    WRONG_NUMBER = "WRONG_NUMBER"  # 误拨
    DUPLICATE = "DUPLICATE"  # 重复


class VerifyIncident(Struct, frozen=True):
    by: Actor
    solved: str
    note: str = ""


class ReworkIncident(Struct, frozen=True):
    by: Actor
    reason: str


class CloseIncident(Struct, frozen=True):
    by: Actor


class VoidIncident(Struct, frozen=True):
    """`confirm_priority` is the person's word that it ends although a report speaks of a danger."""

    by: Actor
    reason: str
    confirm_priority: bool = False


class IncidentVerified(Struct, frozen=True):
    time: datetime
    solved: str
    note: str
    verifier: str
    verifier_role: str = ""


class IncidentReworked(Struct, frozen=True):
    time: datetime
    reason: str
    due_time: datetime
    minutes: int


class IncidentClosed(Struct, frozen=True):
    time: datetime
    heard_reports: tuple[HeardReport, ...] = ()


class IncidentVoided(Struct, frozen=True):
    """`voided_by` is empty in events of 0.1.0, `voided_role` in all that told no role.

    `confirmed` is the danger to life that it ends with, by the word of the person.
    """

    time: datetime
    reason: str
    voided_by: str = ""
    voided_role: str = ""
    confirmed: HeardDanger | None = None
    heard_reports: tuple[HeardReport, ...] = ()


def verify(
    incident: Incident, command: VerifyIncident, now: datetime, world: World
) -> list[IncidentVerified]:
    by = command.by
    _require_verifier(incident, by, world)
    if command.solved not in list(Finding):
        raise InvalidArgument(
            "UNKNOWN_FINDING", field="solved", given=command.solved, expected=", ".join(Finding)
        )
    return [IncidentVerified(now, command.solved, command.note, by.user, by.role)]


def rework(
    incident: Incident, command: ReworkIncident, now: datetime, world: World
) -> list[IncidentReworked | routing.IncidentLeftInTriage]:
    """Send it back; a second person must decide, not the one, or the key, that called back.

    An incident that its record had settled before any unit had it goes back into triage.
    """
    _require_verifier(incident, command.by, world)
    ending, reworks = incident.ending, incident.counts.reworks
    if not ending.solved:
        raise InvalidTransition("NOT_VERIFIED", solved=ending.solved)
    if not is_another_person(command.by, ending.verifier, ending.verifier_role):
        raise Denied("SECOND_PERSON_NEEDED", verifier=ending.verifier)
    if reworks >= REWORKS:
        raise InvalidTransition("TOO_MANY_REWORKS", reworks=reworks)
    reason = require_text(command.reason, "REASON_MISSING")
    minutes = clocks.sign_in_minutes(incident, world.policy)
    again = IncidentReworked(now, reason, question.due_after(now, minutes), minutes)
    if incident.charge.unit:
        return [again]
    chosen = incident.routing or Routing("", "", world.city.head.version)
    return [again, routing.IncidentLeftInTriage(now, chosen)]


def close(
    incident: Incident, command: CloseIncident, now: datetime, world: World
) -> list[IncidentClosed]:
    _require_verifier(incident, command.by, world)
    solved = incident.ending.solved
    if not solved:
        raise InvalidTransition("NOT_VERIFIED", solved=solved)
    if is_to_be_reworked(incident):
        raise InvalidTransition("REWORK_DUE", solved=solved)
    return [IncidentClosed(now, reports.heard_reports(incident))]


def void(
    incident: Incident, command: VoidIncident, now: datetime, world: World
) -> list[IncidentVoided]:
    require_dispatcher(incident, command.by)
    if command.reason not in list(VoidReason):
        raise InvalidArgument(
            "UNKNOWN_VOID_REASON",
            field="reason",
            given=command.reason,
            expected=", ".join(VoidReason),
        )
    by, heard = command.by, reports.heard_of(incident, world.city)
    word = confirmed(heard, NO_PRIORITY, command.confirm_priority)
    told = reports.heard_reports(incident)
    return [IncidentVoided(now, command.reason, by.user, by.role, word, told)]


def _require_verifier(incident: Incident, actor: Actor, world: World) -> None:
    """Allow the desk that took it and watchers over its area, except persons and units that
    worked on it.
    """
    charge = incident.charge
    at_desk = actor.unit == incident.matter.desk
    watches = sees(actor, replace(incident.facts, units=()))
    makes = makes_call_backs(incident, actor.role, world.policy.dispute_call_back)
    if not makes or not (at_desk or watches):
        raise Denied("NOT_A_VERIFIER", role=actor.role)
    if any(is_same_hand(actor, each) for each in charge.handlers) or actor.unit == charge.unit:
        raise Denied("HANDLER_CANNOT_VERIFY", unit=charge.unit)


def verified(incident: Incident, event: IncidentVerified) -> Incident:
    ending = replace(
        incident.ending,
        solved=event.solved,
        verifier=event.verifier,
        verifier_role=event.verifier_role,
    )
    return replace(incident, ending=ending)


def reworked(incident: Incident, event: IncidentReworked) -> Incident:
    """The incident in the pool of the unit that handled it, which stays accountable; in triage if
    there was none.
    """
    ending = replace(incident.ending, solved="", verifier="", verifier_role="")
    counts = replace(incident.counts, reworks=incident.counts.reworks + 1)
    again = replace(incident, ending=ending, counts=counts)
    if not again.charge.unit:
        return replace(again, state=State.TRIAGE)
    return claiming.pooled(again, event.time, event.minutes)


def closed(incident: Incident, event: IncidentClosed) -> Incident:
    ending = replace(incident.ending, over_time=event.time)
    return replace(incident, state=State.CLOSED, ending=ending)


def voided(incident: Incident, event: IncidentVoided) -> Incident:
    ending = replace(
        incident.ending,
        void_reason=event.reason,
        voided_by=event.voided_by,
        voided_role=event.voided_role,
        over_time=event.time,
    )
    return replace(incident, state=State.VOIDED, ending=ending)


VERBS = (
    verb({State.RESOLVED}, verify, "NOT_A_VERIFIER", "HANDLER_CANNOT_VERIFY", "UNKNOWN_FINDING"),
    verb(
        {State.RESOLVED},
        rework,
        "NOT_A_VERIFIER",
        "HANDLER_CANNOT_VERIFY",
        "NOT_VERIFIED",
        "SECOND_PERSON_NEEDED",
        "TOO_MANY_REWORKS",
        "REASON_MISSING",
    ),
    verb(
        {State.RESOLVED},
        close,
        "NOT_A_VERIFIER",
        "HANDLER_CANNOT_VERIFY",
        "NOT_VERIFIED",
        "REWORK_DUE",
    ),
    verb(OPEN, void, "NOT_THE_DISPATCHER", "UNKNOWN_VOID_REASON", "DANGER_UNCONFIRMED"),
)
CHANGES = (change(verified), change(reworked), change(closed), change(voided))

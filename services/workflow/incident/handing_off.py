"""Handing off 转办: offer, accept or refuse; the giver stays accountable until acceptance."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.clock import Clock
from backbone.words.errors import InvalidArgument, InvalidTransition
from backbone.words.guards import require_not_accused, require_text, require_unit
from services.workflow.incident import claiming, handling_times, question
from services.workflow.incident.handling_times import HandlingTime
from services.workflow.incident.kinds import HAND_OFF
from services.workflow.incident.record import HELD, Incident, require_holder
from services.workflow.incident.world import World


class HandOffIncident(Struct, frozen=True):
    by: Actor
    to_unit: str
    reason: str


class AcceptHandOff(Struct, frozen=True):
    by: Actor


class RefuseHandOff(Struct, frozen=True):
    by: Actor
    reason: str


class HandOffOffered(Struct, frozen=True):
    time: datetime
    from_unit: str
    to_unit: str
    reason: str
    due_time: datetime
    minutes: int


class HandOffAccepted(Struct, frozen=True):
    """`due_time` is None in events of 0.1.0, where an acceptance started no idle clock."""

    time: datetime
    unit: str
    holder: str
    due_time: datetime | None = None
    minutes: int = 0
    handling: tuple[HandlingTime, ...] = ()


class HandOffRefused(Struct, frozen=True):
    time: datetime
    reason: str
    raised_to: str = ""
    raise_time: datetime | None = None


class HandOffLapsed(Struct, frozen=True):
    """The asked unit was silent: that is no acceptance, the common superior decides."""

    time: datetime
    raised_to: str
    clock: str = ""


def offer(
    incident: Incident, command: HandOffIncident, now: datetime, world: World
) -> list[HandOffOffered]:
    require_holder(incident, command.by)
    question.require_none(incident)
    if incident.counts.bounces >= world.policy.bounce_cap:
        raise InvalidTransition("TOO_MANY_BOUNCES", bounces=incident.counts.bounces)
    unit = incident.charge.unit
    require_unit(world.city, command.to_unit)
    require_not_accused(world.city, incident.matter.against, command.to_unit)
    if command.to_unit == unit:
        raise InvalidArgument("SAME_UNIT", unit=unit)
    require_text(command.reason, "REASON_MISSING")
    minutes = world.policy.hand_off_answer_minutes
    due = question.due_after(now, minutes)
    return [HandOffOffered(now, unit, command.to_unit, command.reason, due, minutes)]


def accept(
    incident: Incident, command: AcceptHandOff, now: datetime, world: World
) -> list[HandOffAccepted]:
    question.require_answerer(incident, HAND_OFF, command.by)
    claiming.require_free_hands(command.by, world)
    minutes = world.policy.claim_lapse_minutes
    due = question.due_after(now, minutes)
    times = handling_times.times_of(incident, world.policy)
    return [HandOffAccepted(now, command.by.unit, command.by.user, due, minutes, times)]


def refuse(
    incident: Incident, command: RefuseHandOff, now: datetime, world: World
) -> list[HandOffRefused]:
    asked = question.require_answerer(incident, HAND_OFF, command.by)
    reason = require_text(command.reason, "REASON_MISSING")
    raised_to = question.bounced_to(incident, asked, world)
    return [HandOffRefused(now, reason, raised_to, now if raised_to else None)]


def lapse_answer(incident: Incident, clock: Clock, now: datetime, world: World) -> HandOffLapsed:
    return HandOffLapsed(now, question.after_silence(incident, HAND_OFF, world), clock.id)


def offered(incident: Incident, event: HandOffOffered) -> Incident:
    return question.asked(incident, HAND_OFF, event)


def accepted(incident: Incident, event: HandOffAccepted) -> Incident:
    charge = replace(
        incident.charge,
        sender=incident.charge.unit,
        unit=event.unit,
        accountable_unit=event.unit,
        assignment=incident.charge.assignment_to(event.unit),
    )
    moved = replace(incident, charge=charge)
    return claiming.taken(moved, event.holder, event)


def refused(incident: Incident, event: HandOffRefused) -> Incident:
    return replace(
        incident,
        charge=replace(incident.charge, raised_to=event.raised_to, raise_time=event.raise_time),
        counts=replace(incident.counts, bounces=incident.counts.bounces + 1),
    )


def unanswered(incident: Incident, event: HandOffLapsed) -> Incident:
    return question.raised(incident, HAND_OFF, event)


VERBS = (
    verb(
        HELD,
        offer,
        "NOT_THE_HOLDER",
        "UNKNOWN_UNIT",
        "ACCUSED_UNIT",
        "SAME_UNIT",
        "REASON_MISSING",
        "ANSWER_PENDING",
        "TOO_MANY_BOUNCES",
    ),
    verb(
        HELD,
        accept,
        "NO_HAND_OFF_PENDING",
        "NOT_YOUR_UNIT",
        "TOO_MANY_HELD",
        also=claiming.hands_of,
    ),
    verb(HELD, refuse, "NO_HAND_OFF_PENDING", "NOT_YOUR_UNIT", "REASON_MISSING"),
)
CHANGES = (change(offered), change(accepted), change(refused), change(unanswered))

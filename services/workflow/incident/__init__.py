"""The incident's life cycle: the use-case files, joined; what every event derives stands here."""

from typing import Any

from msgspec.structs import replace

from backbone.life_cycle import LifeCycle
from backbone.words.actor import SERVICE
from backbone.words.errors import NotFound
from backbone.words.rights import INCIDENT
from backbone.words.sight import sees
from services.workflow.incident import (
    accusing,
    amending,
    assigning,
    callers,
    claiming,
    clocks,
    closing,
    escalating,
    handing_off,
    handling,
    handling_times,
    lapsing,
    merging,
    objecting,
    opening,
    parting,
    question,
    reinstating,
    returning,
    routing,
    settling,
    supervised,
    urging,
)
from services.workflow.incident.amending import AmendMatter
from services.workflow.incident.callers import LinkCaller, UnlinkCaller
from services.workflow.incident.kinds import LEAVES_THE_UNIT
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.parting import FollowHost
from services.workflow.incident.record import Incident
from services.workflow.incident.settling import SettleIncident
from services.workflow.incident.supervised import FollowSupervision
from services.workflow.incident.waiting import JUDGED, waits_for, waits_of
from services.workflow.incident.world import World

# Commands that no person gives.
UNSEEN = frozenset({Lapse, FollowSupervision, SettleIncident, FollowHost})
# A desk's receipt gives these, also one of a desk that has not had to do with the incident.
FROM_RECEIPTS = (AmendMatter, LinkCaller, UnlinkCaller)


def may_see(incident: Incident, command: Any) -> None:
    """An incident outside the actor's scope does not exist for the actor; a clock sees all, and so
    does the record of its intake.

    Of an accusation only the units involved hear, not even a refusal.
    """
    if type(command) in UNSEEN:
        return
    if isinstance(command, FROM_RECEIPTS) and command.by.role == SERVICE:
        return
    if not sees(command.by, incident.facts):
        raise NotFound("NO_SUCH_INCIDENT")


def end_by_kind(incident: Incident, event: Any) -> Incident:
    """Before its own change, an event ends the clocks and questions whose kind names it."""
    name = type(event).__name__
    answered = amending.answered_by(incident, name)
    if answered.reported and name in LEAVES_THE_UNIT:
        answered = replace(answered, reported=False)
    return question.ended_by(clocks.ended_by(answered, name, event.time), name)


def derive(incident: Incident) -> Incident:
    """Every unit that has had to do with it may read it; some have only to judge an answer."""
    units = (*_working(incident), *waits_for(incident))
    known = {"", *incident.involved, *incident.barred}
    fresh = tuple(dict.fromkeys(unit for unit in units if unit not in known))
    judges = _judges(incident, fresh)
    if not fresh and judges == incident.judges:
        return incident
    return replace(incident, involved=(*incident.involved, *fresh), judges=judges)


def _working(incident: Incident) -> tuple[str, ...]:
    matter, charge = incident.matter, incident.charge
    return (matter.desk, charge.accountable_unit, charge.assigned_by)


def _judges(incident: Incident, fresh: tuple[str, ...]) -> tuple[str, ...]:
    """Those among all that are involved to whom it came with the answer of a supervision alone."""
    if not incident.supervisions and not incident.judges:
        return ()
    waits = (each.unit for each in waits_of(incident) if each.reason not in JUDGED)
    works = {*_working(incident), *waits}
    return tuple(unit for unit in (*incident.judges, *fresh) if unit not in works)


INCIDENTS: LifeCycle[Incident, World] = LifeCycle(
    (
        opening,
        routing,
        claiming,
        returning,
        handing_off,
        assigning,
        objecting,
        escalating,
        handling,
        closing,
        reinstating,
        merging,
        parting,
        amending,
        accusing,
        callers,
        settling,
        handling_times,
        lapsing,
        supervised,
        urging,
    ),
    missing="NO_SUCH_INCIDENT",
    guard=may_see,
    rights=INCIDENT,
    before=end_by_kind,
    finish=derive,
)

"""The incident's life cycle: the use-case files, joined; what every event derives stands here."""

from typing import Any

from msgspec.structs import replace

from backbone.life_cycle import LifeCycle
from backbone.words.actor import SERVICE
from backbone.words.errors import NotFound
from backbone.words.sight import sees
from services.workflow.incident import (
    amending,
    assigning,
    callers,
    claiming,
    clocks,
    closing,
    escalating,
    handing_off,
    handling,
    lapsing,
    objecting,
    opening,
    question,
    reinstating,
    returning,
    routing,
    supervised,
    urging,
)
from services.workflow.incident.amending import AmendMatter
from services.workflow.incident.callers import LinkCaller, UnlinkCaller
from services.workflow.incident.kinds import SIGN_IN
from services.workflow.incident.lapsing import Lapse
from services.workflow.incident.record import OVER, Incident, State
from services.workflow.incident.supervised import FollowSupervision
from services.workflow.incident.world import World

# What no person asks for.
UNSEEN = frozenset({Lapse, FollowSupervision})
# A desk's receipt gives these, also one of a desk that has not had to do with the incident.
FROM_RECEIPTS = (AmendMatter, LinkCaller, UnlinkCaller)


def may_see(incident: Incident, command: Any) -> None:
    """An incident outside the actor's scope does not exist for the actor; a clock sees all.

    Of an accusation only the units involved hear, not even a refusal.
    """
    if type(command) in UNSEEN:
        return
    if isinstance(command, FROM_RECEIPTS) and command.by.role == SERVICE:
        return
    if not sees(command.by, incident.readers, incident.watched_area):
        raise NotFound("NO_SUCH_INCIDENT")


def end_by_kind(incident: Incident, event: Any) -> Incident:
    """Before its own change, an event ends the clocks and questions whose kind names it."""
    name = type(event).__name__
    answered = amending.answered_by(incident, name)
    return question.ended_by(clocks.ended_by(answered, name, event.time), name)


def derive(incident: Incident) -> Incident:
    """Every unit that has had to do with it may read it."""
    matter, charge = incident.matter, incident.charge
    units = (matter.desk, charge.accountable_unit, charge.assigned_by, *waits_for(incident))
    fresh = [unit for unit in units if unit and unit not in incident.involved]
    if not fresh:
        return incident
    return replace(incident, involved=(*incident.involved, *dict.fromkeys(fresh)))


def waits_for(incident: Incident) -> tuple[str, ...]:
    """The units in whose inbox it stands: each must do something next.

    What a supervision waits for comes last: `/v1/supervisions` also lists it for what is over.
    """
    if incident.state in OVER:
        return ()
    acting = _has_to_act(incident)
    if not incident.supervisions:
        return acting
    return _distinct(*acting, *supervised.waits_for(incident))


def _has_to_act(incident: Incident) -> tuple[str, ...]:
    charge = incident.charge
    if incident.state in (State.TRIAGE, State.REPORTED):
        return _distinct(charge.accountable_unit, charge.raised_to)
    if incident.state is State.RESOLVED:
        return (incident.matter.desk,)
    asked = [unit for each in incident.questions for unit in (each.to_unit, each.raised_to)]
    desk = incident.matter.desk if clocks.has_lapsed(incident, SIGN_IN) else ""
    return _distinct(charge.unit, charge.raised_to, *asked, desk)


def _distinct(*units: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, units)))


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
        amending,
        callers,
        lapsing,
        supervised,
        urging,
    ),
    missing="NO_SUCH_INCIDENT",
    guard=may_see,
    before=end_by_kind,
    finish=derive,
)

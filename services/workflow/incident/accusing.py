"""Withdrawing 回避: an incident that begins to accuse a unit leaves that unit and all below it."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change
from services.workflow.incident.kinds import QUESTIONS
from services.workflow.incident.record import Ending, Incident, State
from services.workflow.incident.world import World


class AccusedWithdrawn(Struct, frozen=True):
    """`from_unit` had it, and no longer knows of it: `to_unit`, the desk, finds another one."""

    time: datetime
    from_unit: str
    to_unit: str


def barred_by(before: Incident, against: str, world: World) -> tuple[str, ...]:
    """The accused unit and all below: they may not read it any more. Also those that have nothing
    to do with it yet: one may supervise it, or be told of it later. The desk knows what it has
    taken down itself."""
    if not against or against == before.matter.against:
        return before.barred
    found = (
        unit
        for unit in (*before.involved, *sorted(world.city.units))
        if unit != before.matter.desk and world.city.belongs_to(unit, against)
    )
    return tuple(dict.fromkeys((*before.barred, *found)))


def withdrawn(incident: Incident, barred: tuple[str, ...], now: datetime) -> list[AccusedWithdrawn]:
    """The event, if a barred unit has the incident or answers for it."""
    charge = incident.charge
    having = next((each for each in (charge.unit, charge.accountable_unit) if each in barred), "")
    return [AccusedWithdrawn(now, having, incident.matter.desk)] if having else []


def barring(incident: Incident, barred: tuple[str, ...]) -> Incident:
    """The incident without the words of the barred units: what they asked, gave and were asked."""
    if not barred or barred == incident.barred:
        return incident
    charge = incident.charge
    said = {
        name: ""
        for name in ("sender", "assigned_by", "raised_to")
        if getattr(charge, name) in barred
    }
    lost = [each for each in incident.questions if {each.from_unit, each.to_unit} & {*barred}]
    silent = {QUESTIONS[each.kind].clock for each in lost if each.kind in QUESTIONS}
    return replace(
        incident,
        barred=barred,
        charge=replace(charge, **said),
        questions=tuple(each for each in incident.questions if each not in lost),
        clocks=tuple(each for each in incident.clocks if each.kind not in silent),
        involved=tuple(each for each in incident.involved if each not in barred),
    )


def _withdrawn(incident: Incident, event: AccusedWithdrawn) -> Incident:
    """In triage at the desk; what the unit has found out about itself is no result."""
    charge = replace(
        incident.charge,
        unit="",
        holder="",
        sender="",
        raised_to="",
        assignment=None,
        unit_time=event.time,
        accountable_unit=event.to_unit,
    )
    return replace(incident, state=State.TRIAGE, charge=charge, ending=Ending())


VERBS = ()
CHANGES = (change(_withdrawn),)

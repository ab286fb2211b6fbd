"""Ending 终止: what is owed about an incident that is over, or by a unit that it accuses, ends by
itself, with the reason. An answer that was given stays, and is judged; unless the supervising unit
may not know whom the incident accuses: it reads no answer any more."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change
from services.workflow.incident import record as incidents
from services.workflow.incident.record import Incident
from services.workflow.supervision import demanding
from services.workflow.supervision.record import (
    ACCUSED,
    Answering,
    Demand,
    EndReason,
    Level,
    Supervision,
)

REASONS = {
    incidents.State.VOIDED: EndReason.INCIDENT_VOIDED,
    incidents.State.MERGED: EndReason.INCIDENT_MERGED,
    incidents.State.CLOSED: EndReason.INCIDENT_CLOSED,
}


class DemandEnded(Struct, frozen=True):
    time: datetime
    unit: str
    incidents: tuple[str, ...]
    reason: str
    level: Level
    supervisor: str


def ended_with(supervision: Supervision, incident: Incident, now: datetime) -> list[DemandEnded]:
    """The ends of what is owed about the incident, one event for each unit.

    What the supervisor asked after the end is owed all the same: the supervisor knew of it.
    """
    known = next((each for each in incident.supervisions if each.id == supervision.id), None)
    asked_later = known is not None and known.after_end
    level, supervisor, about = supervision.level, supervision.unit, (str(incident.id),)
    ends: list[DemandEnded] = []
    hidden = incident.hidden_from
    unheard = incident.is_kept_from(supervision.unit)
    accused = supervision.unit in hidden
    waits = {Answering.OWED, Answering.ANSWERED} if unheard else {Answering.OWED}
    for each in supervision.demands:
        if each.incident not in about or each.state not in waits:
            continue
        if each.unit in hidden:
            reason = EndReason.UNIT_ACCUSED
        elif unheard:
            reason = EndReason.SUPERVISOR_ACCUSED if accused else EndReason.SUPERVISOR_UNTOLD
        elif incident.over and not asked_later:
            reason = REASONS[incident.state]
        else:
            continue
        ends.append(DemandEnded(now, each.unit, about, reason, level, supervisor))
    return ends


def _ended(supervision: Supervision, event: DemandEnded) -> Supervision:
    def over(demand: Demand) -> Demand:
        return replace(demand, state=Answering.ENDED, end_reason=event.reason, end_time=event.time)

    if event.reason in ACCUSED:  # known since now to the units involved alone
        accused = event.unit if event.reason == EndReason.UNIT_ACCUSED else supervision.unit
        supervision = replace(supervision, accused=supervision.accused or accused)
    return demanding.changed(supervision, event.unit, event.incidents, over)


VERBS = ()
CHANGES = (change(_ended),)

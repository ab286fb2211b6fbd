"""Undoing a wrong end 撤销作废、拆分: by another person than the one who ended it."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor, is_another_person
from backbone.words.errors import Denied
from backbone.words.guards import require_text
from backbone.words.place import contains
from backbone.words.roles import roles
from services.workflow.incident import (
    accusing,
    amending,
    claiming,
    clocks,
    question,
    reports,
    routing,
)
from services.workflow.incident.record import Incident, State
from services.workflow.incident.world import World

# They reinstate beside dispatchers, who void: often one dispatcher is on duty in an area.
SUPERVISORS = roles("leader", "duty_officer")


class UndoVoid(Struct, frozen=True):
    by: Actor
    reason: str


class IncidentReinstated(Struct, frozen=True):
    """It is in the pool of `unit` again; without a unit it is routed anew."""

    time: datetime
    reason: str
    unit: str
    due_time: datetime
    minutes: int
    reinstated_by: str
    parted_from: str = ""


Event = IncidentReinstated | accusing.AccusedWithdrawn | amending.IncidentAmended | routing.Event


def undo_void(incident: Incident, command: UndoVoid, now: datetime, world: World) -> list[Event]:
    ending = incident.ending
    require_other_hand(incident, command.by, ending.voided_by, ending.voided_role)
    reason = require_text(command.reason, "REASON_MISSING")
    return reinstate(incident, reason, command.by.user, now, world)


def require_other_hand(incident: Incident, actor: Actor, earlier: str, role: str) -> None:
    """Allow those who may end it, except the one who did."""
    if actor.role not in SUPERVISORS or not contains(actor.area, incident.area):
        routing.require_dispatcher(incident, actor)
    if not is_another_person(actor, earlier, role):
        raise Denied("ANOTHER_PERSON_NEEDED", by=earlier)


def reinstate(
    incident: Incident, reason: str, by: str, now: datetime, world: World, parted_from: str = ""
) -> list[Event]:
    """It goes on in the pool of its unit; without a unit it is routed anew. From a unit that it
    accuses since its end, it is withdrawn. Its facts are those of the reports that it has by now:
    one may have left it, or joined it, while it was over."""
    if corrected := _facts_by_now(incident, now):
        incident = amending.amended(incident, corrected)
        events = reinstate(incident, reason, by, now, world, parted_from)
        return [corrected, *events]
    unit, minutes = incident.charge.unit, clocks.sign_in_minutes(incident, world.policy)
    due = question.due_after(now, minutes)
    leaves = accusing.withdrawn(incident, incident.barred, now)
    event = IncidentReinstated(now, reason, "" if leaves else unit, due, minutes, by, parted_from)
    if leaves:
        return [event, *leaves]
    if unit:
        return [event]
    chosen = routing.explain(incident, world.city).routing
    return [event, *routing.place(incident, chosen, now, world)]


def _facts_by_now(incident: Incident, now: datetime) -> amending.IncidentAmended | None:
    facts = reports.composed(reports.told(incident)).matter
    changed = reports.changed(incident.matter, facts)
    if not changed:
        return None
    return amending.IncidentAmended(
        time=now,
        matter=facts,
        changed=changed,
        suggested=incident.suggested,
        heard_reports=reports.heard_reports(incident),
    )


def reinstated(incident: Incident, event: IncidentReinstated) -> Incident:
    """The unit stays accountable, and a clerk of it claims again: the holder may be gone."""
    ending = replace(
        incident.ending,
        void_reason="",
        voided_by="",
        voided_role="",
        merged_into="",
        merged_code="",
        merged_by="",
        merged_role="",
        over_time=None,
    )
    again = replace(incident, state=State.TRIAGE, ending=ending)
    return claiming.pooled(again, event.time, event.minutes) if event.unit else again


VERBS = (
    verb(
        {State.VOIDED},
        undo_void,
        "NOT_THE_DISPATCHER",
        "ANOTHER_PERSON_NEEDED",
        "REASON_MISSING",
    ),
)
CHANGES = (change(reinstated),)

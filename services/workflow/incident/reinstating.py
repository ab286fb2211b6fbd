"""Undoing a wrong voiding 撤销作废: by another person than the one who voided it, with a reason."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor, is_same_hand
from backbone.words.errors import Denied
from backbone.words.guards import require_text
from backbone.words.place import contains
from backbone.words.roles import roles
from services.workflow.incident import claiming, clocks, question, routing
from services.workflow.incident.record import Incident, State
from services.workflow.incident.world import World

# Beside the dispatchers, who void: an area has often one dispatcher on duty.
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


def undo_void(
    incident: Incident, command: UndoVoid, now: datetime, world: World
) -> list[IncidentReinstated | routing.Event]:
    by, ending = command.by.user, incident.ending
    if command.by.role not in SUPERVISORS or not contains(command.by.area, incident.watched_area):
        routing.require_dispatcher(incident, command.by)
    if is_same_hand(command.by, ending.voided_by, ending.voided_role):
        raise Denied("ANOTHER_PERSON_NEEDED", by=ending.voided_by)
    reason = require_text(command.reason, "REASON_MISSING")
    unit, minutes = incident.charge.unit, clocks.sign_in_minutes(incident, world.policy)
    due = question.due_after(now, minutes)
    event = IncidentReinstated(now, reason, unit, due, minutes, by)
    if unit:
        return [event]
    chosen = routing.explain(incident, world.city).routing
    return [event, *routing.place(incident, chosen, now, world)]


def reinstated(incident: Incident, event: IncidentReinstated) -> Incident:
    """The unit stays accountable, and a clerk of it claims again: the holder may be gone."""
    ending = replace(incident.ending, void_reason="", voided_by="", voided_role="")
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

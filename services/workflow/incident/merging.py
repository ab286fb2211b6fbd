"""Merging 并案: an incident ends as part of another one; undone 拆分 by a second person.

The other incident hears of it with the receipts, which follow it from then on.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change, verb
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, InvalidTransition
from backbone.words.followed import Followed
from backbone.words.guards import require_text
from backbone.words.heard import HeardDanger, confirmed_into
from backbone.words.sight import sees
from services.workflow.incident import reinstating, reports, routing
from services.workflow.incident.record import OPEN, Incident, State, over
from services.workflow.incident.world import World

# Only incidents of receipts can be merged: a receipt can follow another incident. A petition and a
# dispute have a reply, a mediation and clocks of their own.
MERGED_OF = "ALARM"


class MergeIncident(Struct, frozen=True):
    """`incident_id` is the one that is merged, whose group the door reads too."""

    by: Actor
    into: UUID
    reason: str
    confirm_priority: bool = False
    incident_id: UUID | None = None


class UndoMerge(Struct, frozen=True):
    by: Actor
    reason: str


class IncidentMerged(Struct, frozen=True):
    """`known` is the other incident at that moment: what its new receipts know of it. `confirmed`
    is the danger to life that the other one lies below, by the word of the person; `against` is the
    unit that both accuse. `priority` is the one that the other one gets, as it is less urgent;
    empty where it stays so by the word of the person."""

    time: datetime
    into: UUID
    into_code: str
    reason: str
    merged_by: str
    merged_role: str
    known: Followed
    confirmed: HeardDanger | None = None
    against: str | None = None
    priority: str = ""


def merge(
    incident: Incident, command: MergeIncident, now: datetime, world: World
) -> list[IncidentMerged]:
    by = command.by
    routing.require_dispatcher(incident, by)
    _require_mergeable(incident)
    reason = require_text(command.reason, "REASON_MISSING")
    if command.into == incident.id:
        raise InvalidArgument("SAME_INCIDENT")
    into = world.also.one(command.into)
    if into is None or not sees(by, into.facts):
        raise InvalidArgument("UNKNOWN_INCIDENT", incident=command.into)
    _require_other(incident, into)
    # Kafka brings the receipts of merged incidents later; the group lists the incidents at once.
    if world.also.members(incident.id):
        raise _holds_merged(incident)
    heard = reports.heard_of(incident, world.city)
    there, said = into.matter, command.confirm_priority
    word = confirmed_into(heard, there.category, there.priority, said, world.city)
    code, against, known = there.code, incident.matter.against, _known(into)
    raised = "" if said else _more_urgent(incident.matter.priority, there.priority)
    ended_by = (reason, by.user, by.role)
    return [IncidentMerged(now, into.id, code, *ended_by, known, word, against, raised)]


def _more_urgent(priority: str, there: str) -> str:
    return priority if priority and (not there or priority < there) else ""


def _require_mergeable(incident: Incident) -> None:
    """A chain of merges could not be undone one by one."""
    if incident.matter.source != MERGED_OF:
        raise InvalidTransition("NOT_TO_BE_MERGED", source=incident.matter.source)
    if any(each.linked and each.merged for each in incident.reports):
        raise _holds_merged(incident)


def _holds_merged(incident: Incident) -> InvalidTransition:
    """By its own code, which the desk knows: the other one may not have told its code yet."""
    return InvalidTransition("HOLDS_MERGED", incident=incident.matter.code)


def _require_other(incident: Incident, into: Incident) -> None:
    """The other one must go on, and its readers may be told what this one holds."""
    if into.matter.source != MERGED_OF:
        raise InvalidTransition("NOT_TO_BE_MERGED", source=into.matter.source)
    if into.state not in OPEN | {State.SUSPENDED}:
        raise over(into)
    against = {incident.matter.against, into.matter.against}
    if len(against) > 1:
        raise Denied("ACCUSATION_APART", against=max(against))


def _known(into: Incident) -> Followed:
    charge, ending = into.charge, into.ending
    return Followed(
        version=into.version,
        state=into.state,
        unit=charge.unit,
        holder=charge.holder,
        outcome=ending.outcome,
        reply=ending.reply,
        priority=into.matter.priority,
        category=into.matter.category,
    )


def into_of(command: MergeIncident) -> tuple[UUID, ...]:
    """The other incident is locked too: of two opposite merges the second hears of the first. The
    own id is the group of those that were merged into this one."""
    return tuple(filter(None, (command.into, command.incident_id)))


def undo_merge(
    incident: Incident, command: UndoMerge, now: datetime, world: World
) -> list[reinstating.Event]:
    reinstating.require_other_hand(
        incident, command.by, incident.ending.merged_by, incident.ending.merged_role
    )
    reason = require_text(command.reason, "REASON_MISSING")
    by, parted = command.by.user, incident.ending.merged_into
    return reinstating.reinstate(incident, reason, by, now, world, parted)


def merged(incident: Incident, event: IncidentMerged) -> Incident:
    ending = replace(
        incident.ending,
        merged_into=str(event.into),
        merged_code=event.into_code,
        merged_by=event.merged_by,
        merged_role=event.merged_role,
        over_time=event.time,
    )
    return replace(incident, state=State.MERGED, ending=ending)


VERBS = (
    verb(
        OPEN | {State.SUSPENDED},
        merge,
        "NOT_THE_DISPATCHER",
        "NOT_TO_BE_MERGED",
        "HOLDS_MERGED",
        "SAME_INCIDENT",
        "UNKNOWN_INCIDENT",
        "ACCUSATION_APART",
        "INCIDENT_MERGED",
        "INCIDENT_OVER",
        "REASON_MISSING",
        "DANGER_UNCONFIRMED",
        also=into_of,
    ),
    verb(
        {State.MERGED},
        undo_merge,
        "NOT_THE_DISPATCHER",
        "ANOTHER_PERSON_NEEDED",
        "REASON_MISSING",
    ),
)
CHANGES = (change(merged),)

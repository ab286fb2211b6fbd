"""Pure mappings of supervisions: event → requests for their incidents, supervision → resource."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.caused import caused_by
from backbone.door.decider import EventScope
from backbone.door.request import Request
from backbone.wire import facts_of, fill, name_of, to_message
from backbone.words.actor import Actor
from backbone.words.sight import sees
from liandong.incident.v1.incident_pb2 import Progress
from liandong.supervision.v1 import supervision_pb2 as resources
from liandong.supervision.v1.supervision_events_pb2 import SupervisionEvent
from services.workflow.incident.supervised import FollowSupervision
from services.workflow.supervision.record import Demand, Mark, Supervision

EVENTS = "liandong.supervision.events.v1"
# The incidents have told it.
ORIGIN_LEARNT = "origin_learnt"


def follow_requests(value: bytes) -> Sequence[Request[Any]]:
    """The requests that tell an event of a supervision to its incidents, one for each.

    Its ids derive from the event, so that a repeat changes nothing. Raises ValueError or
    DecodeError for a record that this reader cannot read.
    """
    event = SupervisionEvent.FromString(value)
    meta, kind = event.meta, event.WhichOneof("kind")
    if not meta.aggregate_id:
        raise ValueError("an event that does not say whose it is")
    if kind in (None, ORIGIN_LEARNT):
        return ()
    steps = _steps_of(UUID(meta.aggregate_id), meta.version, getattr(event, kind))
    at = meta.time.ToDatetime(UTC)
    return [_request(meta, incident, replace(step, step_time=at)) for incident, step in steps]


def _steps_of(
    supervision: UUID, version: int, body: Any
) -> Sequence[tuple[UUID, FollowSupervision]]:
    fields = body.DESCRIPTOR.fields_by_name
    due = body.deadline.due_time.ToDatetime(UTC) if "deadline" in fields else None
    is_opening = "addressed" in fields
    units = (
        [(each.incident, each.unit) for each in body.addressed]
        if is_opening
        else [(each, getattr(body, "unit", "")) for each in body.incidents]
    )
    step = FollowSupervision(
        supervision_id=supervision,
        supervision_version=version,
        step=body.DESCRIPTOR.name,
        level=name_of(fields["level"], body.level),
        supervisor=body.unit if is_opening else body.supervisor,
        text=body.reason if is_opening else getattr(body, "text", ""),
        due_time=due,
    )
    return [(UUID(incident), replace(step, unit=unit)) for incident, unit in units]


def _request(meta: Any, incident: UUID, step: FollowSupervision) -> Request[Any]:
    return caused_by(meta, incident, step, f"follow {incident}")


def to_progress(row: Any, supervision: Supervision, actor: Actor) -> Progress | None:
    """One entry of the timeline from one row of the journal; None for what another unit answers."""
    event = SupervisionEvent.FromString(row["payload"])
    body = getattr(event, event.WhichOneof("kind") or "meta")
    facts = facts_of(body)
    progress = Progress(
        version=row["version"], kind=body.DESCRIPTOR.name, actor=row["actor"], unit=row["unit"]
    )
    progress.time.FromDatetime(row["time"])
    if not sees_all(supervision, actor):
        supervises = actor.unit == supervision.unit
        if not supervises and facts.get("unit", actor.unit) not in (actor.unit, supervision.unit):
            return None
        mine = {each.incident for each in part_of(supervision, actor)}
        if "addressed" in facts:
            facts["addressed"] = [
                each
                for each in facts["addressed"]
                if each["incident"] in mine and (supervises or each["unit"] == actor.unit)
            ]
        if "incidents" in facts:
            facts["incidents"] = [each for each in facts["incidents"] if each in mine]
            if not facts["incidents"]:
                return None
    if "incidents" in facts:
        facts["incident_codes"] = [supervision.codes.get(each, "") for each in facts["incidents"]]
    progress.facts.update(facts)
    return progress


def scope(supervision: Supervision) -> EventScope:
    """The readers of its events: the units that may read it, and the watchers of its area."""
    facts = supervision.facts
    return EventScope(
        supervision.readers, facts.area, str(supervision.id), facts.source, accused=facts.accused
    )


def sees_all(supervision: Supervision, actor: Actor) -> bool:
    """Whether the actor supervises it, or watches over its area, and may know all of it."""
    supervising = (each for each in supervision.readers if each == supervision.unit)
    return sees(actor, replace(supervision.facts, units=tuple(supervising)))


def part_of(supervision: Supervision, actor: Actor) -> list[Demand]:
    """What the actor's unit is asked, or asks itself; nothing of an accusation that it may not
    know of."""
    known = supervision.known_to(actor.unit)
    return [each for each in known if _has_to_do_with(each, supervision, actor)]


def marks_of(supervision: Supervision, actor: Actor) -> list[Mark]:
    known = {each.incident for each in supervision.known_to(actor.unit)}
    own = (each for each in supervision.marks if _has_to_do_with(each, supervision, actor))
    left = (replace(each, incidents=tuple(e for e in each.incidents if e in known)) for each in own)
    return [each for each in left if each.incidents]


def _has_to_do_with(part: Demand | Mark, supervision: Supervision, actor: Actor) -> bool:
    return actor.unit in (part.unit, supervision.unit)


def to_resource(supervision: Supervision, actor: Actor) -> resources.Supervision:
    """The supervision for one reader: a unit that only has to answer sees its own part alone.

    Each of the other units answers for other matters, which this one may not see.
    """
    message = to_message(supervision, resources.Supervision)
    if not sees_all(supervision, actor):
        del message.demands[:]
        del message.marks[:]
        own = part_of(supervision, actor)
        for each in own:
            fill(message.demands.add(), each)
        for mark in marks_of(supervision, actor):
            fill(message.marks.add(), mark)
    for shown in message.marks:
        shown.incident_codes.extend(supervision.codes.get(each, "") for each in shown.incidents)
    return message

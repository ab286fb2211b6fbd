"""Pure mappings: record → request, intake event → request, incident → resource."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict

from backbone.door.decider import Scope
from backbone.door.request import Request, hash_of
from backbone.door.timers import NEVER
from backbone.intake.opening import desk_actor, opening_id
from backbone.wire import to_message, to_record
from backbone.words.actor import Actor
from backbone.words.matter import Matter
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from liandong.incident.v1 import incident_commands_pb2 as commands
from liandong.incident.v1 import incident_events_pb2 as events
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from liandong.population.v1.population_events_pb2 import PopulationEvent
from services.workflow import incident as domain
from services.workflow.incident.record import Incident, OpenIncident, Routing

INTAKES: dict[str, Any] = {
    "liandong.alarm.events.v1": AlarmEvent,
    "liandong.petition.events.v1": PetitionEvent,
    "liandong.dispute.events.v1": DisputeEvent,
    "liandong.population.events.v1": PopulationEvent,
}
# The message of a call, less its ending, is named like the domain's command.
COMMANDS: dict[str, type[Any]] = {move.__name__: move for move in domain.ALLOWED_FROM}
BODIES: Any = commands.IncidentCommand.DESCRIPTOR.oneofs_by_name["body"].fields
FIELD_OF_BODY = {field.message_type.name: field.name for field in BODIES}


def to_request(value: bytes) -> Request[domain.Command]:
    """Read one record of the command topic. Raises ValueError for one that nobody can read."""
    message = commands.IncidentCommand.FromString(value)
    field = message.WhichOneof("body")
    if field is None:
        raise ValueError("a command without a body, or of a kind newer than this reader")
    body = getattr(message, field)
    actor = Actor(message.user, message.unit, message.role, message.area)
    command = _command(body, actor)
    return Request(
        request_id=UUID(message.request_id),
        aggregate_id=aggregate_id(body),
        command=command,
        body_hash=hash_of(body),
        actor=actor,
        deadline=message.deadline.ToDatetime(UTC),
        expected_version=message.expected_version if message.HasField("expected_version") else None,
        call=message.call_id,
        front=message.front,
        traceparent=message.traceparent,
    )


def aggregate_id(body: Any) -> UUID:
    """The incident that the body is about: the key of its record."""
    opening = isinstance(body, pb.OpenIncidentRequest)
    return UUID(body.matter.id if opening else body.incident_id)


def _command(body: Any, actor: Actor) -> domain.Command:
    if isinstance(body, pb.OpenIncidentRequest):
        return OpenIncident(actor, to_record(body.matter, Matter))
    kind = COMMANDS[body.DESCRIPTOR.name.removesuffix("Request")]
    command: domain.Command = to_record(body, kind, by=actor)
    return command


def intake_request(topic: str, value: bytes) -> Request[domain.Command] | None:
    """The opening that an intake's event asks for, the very request of its call; else None.

    Raises ValueError or DecodeError for a record that nobody can read.
    """
    event = INTAKES[topic].FromString(value)
    kind = event.WhichOneof("kind")
    body = getattr(event, kind) if kind else None
    if not event.meta.aggregate_id:
        raise ValueError("an event that does not say whose it is")
    if body is None or "matter" not in body.DESCRIPTOR.fields_by_name:
        return None
    opening = pb.OpenIncidentRequest(matter=body.matter)
    matter_id = UUID(body.matter.id)
    actor = desk_actor(body.matter)
    return Request(
        request_id=opening_id(matter_id),
        aggregate_id=matter_id,
        command=_command(opening, actor),
        body_hash=hash_of(opening),
        actor=actor,
        deadline=NEVER,
        cause=event.meta.event_id,
    )


def scope(found: Incident) -> Scope:
    """Who hears of its events; of an accusation nobody who only watches over the area."""
    audience = tuple(unit for unit in found.involved if unit != found.against)
    return Scope(audience=audience, area=found.watched_area, correlation=str(found.id))


def to_resource(found: Incident) -> resources.Incident:
    message = to_message(found, resources.Incident)
    if found.pending_return is not None:
        # A hand-off is offered, a return is requested: one record, two names.
        message.pending_return.request_time.FromDatetime(found.pending_return.offer_time)
    return message


def to_routing(found: Routing | None) -> resources.Routing:
    return to_message(found, resources.Routing) if found else resources.Routing()


def to_progress(row: Any) -> resources.Progress:
    """One entry of the timeline from one row of the journal."""
    event = events.IncidentEvent.FromString(row["payload"])
    body = getattr(event, event.WhichOneof("kind") or "meta")
    progress = resources.Progress(
        version=row["version"],
        kind=body.DESCRIPTOR.name,
        actor=row["actor"],
        unit=row["unit"],
    )
    progress.time.FromDatetime(row["time"])
    progress.facts.update(MessageToDict(body, preserving_proto_field_name=True))
    return progress


def to_command(caller: Any, body: Any, front: str, now: datetime) -> commands.IncidentCommand:
    """The record of a call on the command topic."""
    message = commands.IncidentCommand(
        request_id=str(caller.request_id),
        user=caller.actor.user,
        unit=caller.actor.unit,
        role=caller.actor.role,
        area=caller.actor.area,
        front=front,
        expected_version=caller.expected_version,
        call_id=caller.call,
        traceparent=caller.traceparent,
    )
    message.issue_time.FromDatetime(now)
    message.deadline.FromDatetime(caller.deadline)
    getattr(message, FIELD_OF_BODY[body.DESCRIPTOR.name]).CopyFrom(body)
    return message

"""Pure mappings: call or record → request, intake event → request, incident → resource."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC
from typing import Any
from uuid import UUID

from backbone.door.decider import EventScope
from backbone.door.request import Request, created_id, hash_of, hashes_of
from backbone.door.timers import NEVER
from backbone.intake.correcting import teller, telling_id, told_by
from backbone.intake.opening import desk_actor, opening_id
from backbone.intake.settling import settling_id, settling_of
from backbone.process import clock
from backbone.rpc.caller import Call
from backbone.wire import facts_of, fill, to_message, to_record
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument
from backbone.words.sight import watches
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.dispute.v1.dispute_events_pb2 import DisputeEvent
from liandong.incident.v1 import incident_commands_pb2 as commands
from liandong.incident.v1 import incident_events_pb2 as events
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from liandong.population.v1.population_events_pb2 import PopulationEvent
from liandong.supervision.v1 import supervision_service_pb2 as supervision_pb
from services.workflow.incident import INCIDENTS, reports, waiting
from services.workflow.incident.kinds import HAND_OFF, RETURN
from services.workflow.incident.merging import MergeIncident
from services.workflow.incident.record import Incident, Routing
from services.workflow.incident.settling import PAIRS
from services.workflow.supervision import SUPERVISIONS
from services.workflow.supervision.opening import OpenSupervision

COMMANDS = "liandong.incident.commands.v1"
INTAKES: dict[str, Any] = {
    "liandong.alarm.events.v1": AlarmEvent,
    "liandong.petition.events.v1": PetitionEvent,
    "liandong.dispute.events.v1": DisputeEvent,
    "liandong.population.events.v1": PopulationEvent,
}

OF_INCIDENTS = {command.__name__ for command in INCIDENTS.verbs}
TYPES: dict[str, type[Any]] = {
    command.__name__: command for each in (INCIDENTS, SUPERVISIONS) for command in each.verbs
}


def request_of(caller: Call, body: Any, key: bytes, front: str = "") -> Request[Any]:
    """The request of a call, the same over both roads. Raises ValueError for an id that is none."""
    body_hash, sealed_hash = hashes_of(body, key)
    return Request(
        request_id=caller.request_id,
        aggregate_id=aggregate_id(body, caller.request_id),
        command=_command(body, caller.actor, caller.request_id),
        body_hash=body_hash,
        sealed_hash=sealed_hash,
        actor=caller.actor,
        deadline=caller.deadline,
        expected_version=caller.expected_version,
        call=caller.call,
        front=front,
        traceparent=caller.traceparent,
    )


def to_value(request: Request[Any], body: Any) -> bytes:
    """The record of a request on the command topic."""
    actor = request.actor
    message = commands.IncidentCommand(
        request_id=str(request.request_id),
        user=actor.user,
        unit=actor.unit,
        role=actor.role,
        area=actor.area,
        line=actor.line,
        front=request.front,
        expected_version=request.expected_version,
        call_id=request.call,
        traceparent=request.traceparent,
        method=type(request.command).__name__,
        request=body.SerializeToString(),
        body_hash=request.body_hash,
    )
    message.issue_time.FromDatetime(clock.now())
    message.deadline.FromDatetime(request.deadline)
    return message.SerializeToString()


def from_value(value: bytes, key: bytes) -> Request[Any]:
    """Read one record of the command topic, also one of 0.1.0.

    Raises ValueError or LookupError for a record that this reader cannot read.
    """
    message = commands.IncidentCommand.FromString(value)
    body, request_id = _body(message), UUID(message.request_id)
    sealed_hash = hash_of(body, key)
    actor = Actor(message.user, message.unit, message.role, message.area, message.line)
    return Request(
        request_id=request_id,
        aggregate_id=aggregate_id(body, request_id),
        command=_command(body, actor, request_id),
        body_hash=message.body_hash or sealed_hash,
        sealed_hash=sealed_hash,
        actor=actor,
        deadline=message.deadline.ToDatetime(UTC),
        expected_version=message.expected_version if message.HasField("expected_version") else None,
        call=message.call_id,
        front=message.front,
        traceparent=message.traceparent,
    )


def _body(message: commands.IncidentCommand) -> Any:
    """The request of the call, by its method; of a record of 0.1.0, by its field."""
    if message.method:
        contract = pb if message.method in OF_INCIDENTS else supervision_pb
        TYPES[message.method]  # a LookupError for what this process does not know
        return getattr(contract, f"{message.method}Request").FromString(message.request)
    field = message.WhichOneof("body")
    if field is None:
        raise ValueError("a command without a request")
    return getattr(message, field)


def aggregate_id(body: Any, request_id: UUID) -> UUID:
    """The incident or supervision that the body is about: the key of its record."""
    if isinstance(body, supervision_pb.OpenSupervisionRequest):
        return created_id(request_id, "supervision")
    if isinstance(body, pb.OpenIncidentRequest):
        return UUID(body.matter.id)
    return UUID(getattr(body, "incident_id", "") or getattr(body, "supervision_id", ""))


def _command(body: Any, actor: Actor, request_id: UUID) -> Any:
    """The command of a request: named like it, with the same fields."""
    kind = TYPES[body.DESCRIPTOR.name.removesuffix("Request")]
    if kind is OpenSupervision:
        return to_record(body, kind, by=actor, id=created_id(request_id, "supervision"))
    if kind is MergeIncident:
        return to_record(body, kind, by=actor, into=_named(body.into))
    return to_record(body, kind, by=actor)


def _named(incident: str) -> UUID:
    """The id of an incident that a body names. Raises InvalidArgument if it is none."""
    try:
        return UUID(incident)
    except ValueError as error:
        raise InvalidArgument("UNKNOWN_INCIDENT", incident=incident[:100]) from error


def intake_requests(topic: str, value: bytes, key: bytes) -> list[Request[Any]]:
    """The requests of an intake's event, the same as those of its calls: an opening, a settling, or
    all that the record tells its incidents.

    Raises ValueError or DecodeError for a record that this reader cannot read.
    """
    event = INTAKES[topic].FromString(value)
    kind = event.WhichOneof("kind")
    if not event.meta.aggregate_id:
        raise ValueError("an event that does not say whose it is")
    asked = _asked_by(event.meta, getattr(event, kind)) if kind else ()
    return [
        Request(
            request_id=request_id,
            aggregate_id=aggregate_id(request, request_id),
            command=_command(request, actor, request_id),
            body_hash=hash_of(request, key),
            actor=actor,
            deadline=NEVER,
            cause=event.meta.event_id,
        )
        for request, request_id, actor in asked
    ]


def _asked_by(meta: Any, body: Any) -> Iterator[tuple[Any, UUID, Actor]]:
    """The requests in an event, by the fields that carry them or by its kind, each with its id and
    its actor. A receipt that moves tells the incident that it leaves and the one it comes to.

    The event of a record without an incident, or of an older release, names no incident.
    """
    known, kind = body.DESCRIPTOR.fields_by_name, body.DESCRIPTOR.name
    if kind in PAIRS and "incident_id" in known and body.incident_id:
        request_id = settling_id(UUID(body.incident_id), meta.version)
        actor = Actor(meta.actor, meta.unit, "service")
        yield settling_of(body.incident_id, kind), request_id, actor
        return
    if "matter" in known:
        opening = pb.OpenIncidentRequest(matter=body.matter)
        yield opening, opening_id(UUID(body.matter.id)), desk_actor(body.matter)
        return
    for request in told_by(body):
        yield request, telling_id(request), teller(request)


def scope(incident: Incident) -> EventScope:
    """The readers of its events; of an accusation the units involved alone, without the accused."""
    facts = incident.facts
    return EventScope(
        incident.readers, facts.area, str(incident.id), facts.source, accused=facts.accused
    )


def in_inbox(incident: Incident, actor: Actor, of_disputes: Collection[str]) -> resources.Incident:
    """The incident in the inbox of an actor, with each reason once; what is late comes first."""
    message = to_resource(incident)
    waits = waiting.waits_of(incident)
    mine = {each.reason: each for each in waiting.shown_to(incident, actor, of_disputes)}
    alerts = {each.reason: each for each in waits if each.reason in waiting.ALERTS}
    shown = alerts | mine if watches(actor, incident.facts.source) else mine
    for each in sorted(shown.values(), key=lambda each: not each.overdue):
        fill(message.waits.add(), each)
    return message


def to_resource(incident: Incident) -> resources.Incident:
    """The incident as answers show it: its parts side by side."""
    message = to_message(incident, resources.Incident)
    for part in (incident.matter, incident.charge, incident.ending, incident.counts):
        fill(message, part)
    message.ClearField("heard")  # that of the opening report alone
    if heard := reports.told(incident).heard:
        fill(message.heard, heard)
    for each in incident.clocks:
        due = message.due.add(clock=each.kind, minutes=each.budget.amount)
        fill(due, each)
        due.start_time.FromDatetime(each.start_time)
    for question in incident.questions:
        _show(question, message)
    return message


def _show(question: Any, message: resources.Incident) -> None:
    """A hand-off and a return also stand in fields of their own, which 0.1.0 had alone."""
    parts = {HAND_OFF: message.hand_off, RETURN: message.pending_return}
    part: Any = parts.get(question.kind)
    if part is None:
        return
    fill(part, question)
    part.due.FromDatetime(question.due_time)
    asked = part.offer_time if question.kind == HAND_OFF else part.request_time
    asked.FromDatetime(question.ask_time)


def to_routing(routing: Routing | None) -> resources.Routing:
    return to_message(routing, resources.Routing) if routing else resources.Routing()


def to_progress(row: Any, cut: Callable[[dict[str, Any]], None]) -> resources.Progress:
    """One entry of the timeline from one row of the journal; `cut` takes out of its facts what the
    reader may not see."""
    event = events.IncidentEvent.FromString(row["payload"])
    body = getattr(event, event.WhichOneof("kind") or "meta")
    progress = resources.Progress(
        version=row["version"],
        kind=body.DESCRIPTOR.name,
        actor=row["actor"],
        unit=row["unit"],
    )
    progress.time.FromDatetime(row["time"])
    facts = facts_of(body)
    facts.get("matter", {}).pop("persons", None)  # known to find them in texts, and not shown
    facts.pop("heard_reports", None)  # for teams alone
    cut(facts)
    progress.facts.update(facts)
    return progress

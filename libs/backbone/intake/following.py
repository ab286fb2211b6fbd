"""How an intake service listens to its incidents: steps of the flow become `FollowIncident`."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.kafka.consumer import Handler, Subscription
from backbone.words.actor import Actor
from backbone.words.followed import FollowIncident
from liandong.incident.v1.followed_pb2 import Followed
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.incident.v1.incident_pb2 import Incident

TOPIC = "liandong.incident.events.v1"

# What each step changes in the eyes of the intake; steps that are not named here change nothing.
CHANGES: dict[str, Callable[[Any], dict[str, str]]] = {
    "IncidentOpened": lambda step: {"state": "REPORTED", "unit": step.matter.desk},
    "IncidentLeftInTriage": lambda step: {"state": "TRIAGE", "holder": ""},
    "IncidentOffered": lambda step: {"state": "OFFERED", "unit": step.unit, "holder": ""},
    "IncidentClaimed": lambda step: {"state": "CLAIMED", "unit": step.unit, "holder": step.holder},
    "IncidentReleased": lambda step: {"state": "OFFERED", "holder": ""},
    "ClaimLapsed": lambda step: {"state": "OFFERED", "holder": ""},
    "ReturnAccepted": lambda step: {"state": "TRIAGE", "holder": ""},
    "HandOffAccepted": lambda step: {"state": "CLAIMED", "unit": step.unit, "holder": step.holder},
    "IncidentReassigned": lambda step: {"state": "CLAIMED", "holder": step.holder},
    "ProgressReported": lambda step: {
        "state": "HANDLING",
        "public_text": step.text if step.public else "",
    },
    "IncidentResolved": lambda step: {
        "state": "RESOLVED",
        "outcome": step.outcome,
        "reply": step.reply,
    },
    "IncidentReworked": lambda step: {
        "state": "OFFERED",
        "holder": "",
        "outcome": "",
        "reply": "",
    },
    "IncidentClosed": lambda step: {"state": "CLOSED"},
    "IncidentVoided": lambda step: {"state": "VOIDED"},
}


def step_of(event: IncidentEvent) -> FollowIncident | None:
    """Return what the intake has to know of the event, or None."""
    body = getattr(event, event.WhichOneof("kind") or "")
    name = body.DESCRIPTOR.name
    changes = CHANGES.get(name)
    return FollowIncident(name, event.meta.version, **changes(body)) if changes else None


def follow_request(event: IncidentEvent, record_id: UUID, command: Any) -> Request[Any]:
    """The request that makes the intake record follow; of one event there is only one."""
    meta = event.meta
    return Request(
        request_id=uuid5(UUID(meta.event_id), f"follow {record_id}"),
        aggregate_id=record_id,
        command=command,
        body_hash="",
        actor=Actor(meta.actor, meta.unit),
        deadline=NEVER,
        cause=meta.event_id,
    )


def follow_by_id(event: IncidentEvent) -> Sequence[Request[Any]]:
    """The handler of an intake whose record has the id of its incident."""
    step = step_of(event)
    return [follow_request(event, UUID(event.meta.aggregate_id), step)] if step else []


def following(service: str, ours: str, handler: Handler = follow_by_id) -> Subscription:
    """The subscription of a service; `ours` selects which of the incidents $1 are its own."""
    return Subscription(f"{service}.incidents", TOPIC, IncidentEvent, handler, ours=ours)


def shown(incident: Incident) -> Followed:
    """The incident as its own service has just answered, for an answer that need not wait."""
    return Followed(
        id=incident.id,
        code=incident.code,
        version=incident.version,
        state=Incident.State.Name(incident.state).removeprefix("STATE_"),
        unit=incident.unit,
        holder=incident.holder,
    )

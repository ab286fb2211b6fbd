"""Turns events of an intake service's incidents into `FollowIncident` commands."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.caused import caused_by
from backbone.door.request import Request
from backbone.kafka.subscription import Handler, Subscription
from backbone.words.followed import BEGINS_AGAIN, SAID, FollowIncident
from liandong.incident.v1.followed_pb2 import Followed
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.incident.v1.incident_pb2 import Incident

TOPIC = "liandong.incident.events.v1"

# The fields of `Followed` that each event changes; events that are not listed change none.
CHANGES: dict[str, Callable[[Any], dict[str, str]]] = {
    "IncidentOpened": lambda step: {
        "state": "REPORTED",
        "unit": step.matter.desk,
        "priority": step.matter.priority,
        "category": step.matter.category,
    },
    # Of a correction an intake follows these alone.
    "IncidentAmended": lambda step: {
        name: getattr(step.matter, name)
        for name in ("priority", "category")
        if name in step.changed
    },
    "IncidentLeftInTriage": lambda step: {"state": "TRIAGE", "holder": ""},
    "IncidentOffered": lambda step: {"state": "OFFERED", "unit": step.unit, "holder": ""},
    "IncidentClaimed": lambda step: {"state": "CLAIMED", "unit": step.unit, "holder": step.holder},
    "IncidentReleased": lambda step: {"state": "OFFERED", "holder": ""},
    "ClaimLapsed": lambda step: {"state": "OFFERED", "holder": ""},
    "ReturnAccepted": lambda step: {"state": "TRIAGE", "holder": ""},
    "AccusedWithdrawn": lambda step: {"state": "TRIAGE", "unit": step.to_unit, "holder": ""},
    "ObjectionUpheld": lambda step: {"state": "TRIAGE", "holder": ""},
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
    "IncidentMerged": lambda step: {"state": "MERGED"},
    "IncidentReinstated": lambda step: {
        "state": "OFFERED" if step.unit else "TRIAGE",
        "holder": "",
    },
}


def step_of(event: IncidentEvent) -> FollowIncident | None:
    """Return the command for this event, or None if it changes nothing for the intake."""
    body = getattr(event, event.WhichOneof("kind") or "")
    name = body.DESCRIPTOR.name
    changes = CHANGES[name](body) if name in CHANGES else {}
    return FollowIncident(name, event.meta.version, **changes) if changes else None


def steps_of(events: Sequence[IncidentEvent]) -> list[tuple[IncidentEvent, FollowIncident]]:
    """The steps of one incident's events, in order, each with the last event that it holds.

    A step is merged into the next one if the unit stays the same and no text was published. Most
    incidents take several steps at once.
    """
    steps: list[tuple[IncidentEvent, FollowIncident]] = []
    for event in events:
        step = step_of(event)
        if step is None:
            continue
        if steps and not _is_shown(steps[-1][1], step):
            step = _merged(steps.pop()[1], step)
        steps.append((event, step))
    return steps


def _is_shown(step: FollowIncident, after: FollowIncident) -> bool:
    """Whether a step leaves a trace that the one after it does not.

    The opening leaves none: its unit is the desk, which has the record.
    """
    moved = bool(step.unit) and after.unit not in (None, step.unit)
    told = bool(step.public_text) or step.step in BEGINS_AGAIN
    return (moved and step.step != "IncidentOpened") or told


def _merged(step: FollowIncident, after: FollowIncident) -> FollowIncident:
    earlier = {name: getattr(step, name) for name in SAID if getattr(after, name) is None}
    return replace(after, **earlier)


def follow_request(event: IncidentEvent, record_id: UUID, command: Any) -> Request[Any]:
    """The request that applies the event to the intake record; its id derives from the event."""
    return caused_by(event.meta, record_id, command, f"follow {record_id}")


def follow_by_id(events: Sequence[IncidentEvent]) -> Sequence[Request[Any]]:
    """The event handler of an intake whose records have the ids of their incidents."""
    return [
        follow_request(event, UUID(event.meta.aggregate_id), step)
        for event, step in steps_of(events)
    ]


def following(service: str, ours: str, handler: Handler = follow_by_id) -> Subscription:
    """The subscription of a service; the query `ours` selects its own among the incidents $1."""
    return Subscription(f"{service}.incidents", TOPIC, IncidentEvent, handler, ours=ours)


def shown(incident: Incident) -> Followed:
    """The incident as workflow has just answered it, before its event arrives over Kafka."""
    return Followed(
        id=incident.id,
        code=incident.code,
        version=incident.version,
        state=Incident.State.Name(incident.state).removeprefix("STATE_"),
        unit=incident.unit,
        holder=incident.holder,
        outcome=incident.outcome,
        reply=incident.reply,
        priority=incident.priority,
        category=incident.category,
    )

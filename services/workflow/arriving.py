"""Pure mapping: a team is at the scene of a matter → its incident waits for no arrival any more."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backbone.door.caused import caused_by
from backbone.door.request import Request
from backbone.words.actor import Actor
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from services.workflow.incident.settling import TEAM_ON_SCENE, SettleIncident

EVENTS = "liandong.emergency.events.v1"


def arrival_requests(value: bytes) -> Sequence[Request[Any]]:
    """The request of a team's arrival, none for another step; its id derives from the event.

    Raises ValueError or DecodeError for a record that this reader cannot read.
    """
    event = EmergencyEvent.FromString(value)
    meta = event.meta
    if not meta.aggregate_id:
        raise ValueError("an event that does not say whose it is")
    if not event.HasField("on_scene") or not meta.correlation_id:
        return ()
    actor = Actor(meta.actor, meta.unit)
    settled = SettleIncident(actor, TEAM_ON_SCENE)
    return [caused_by(meta, UUID(meta.correlation_id), settled, "arrival")]

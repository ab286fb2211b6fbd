"""Consumes incident events: a receipt follows the incident it opened or was linked to."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from backbone.door.request import Request
from backbone.intake.following import follow_request, following, step_of
from backbone.kafka.consumer import Subscription
from backbone.postgres.pool import Pool
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.alarm import storage
from services.alarm.receipt.linking import FollowIncident


def incidents(pool: Pool) -> Subscription:
    """Turn an event into one command for the opening receipt and for each linked one."""

    async def follow(event: IncidentEvent) -> Sequence[Request[FollowIncident]]:
        step = step_of(event)
        if step is None:
            return []
        incident_id = UUID(event.meta.aggregate_id)
        command = FollowIncident(incident_id, step)
        return [
            replace(follow_request(event, receipt_id, step), command=command)
            for receipt_id in await storage.followers(pool, incident_id)
        ]

    return following("alarm", storage.OURS, follow)

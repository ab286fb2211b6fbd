"""Consumes incident events: a receipt follows the incident it opened or was linked to."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from backbone.door.request import Request
from backbone.intake.following import follow_request, following, steps_of
from backbone.kafka.subscription import Subscription
from backbone.postgres.pool import Pool
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.alarm import storage
from services.alarm.receipt.linking import FollowIncident


def incidents(pool: Pool) -> Subscription:
    """Turn events into commands for the opening receipt and for each linked one."""

    async def follow(events: Sequence[IncidentEvent]) -> Sequence[Request[FollowIncident]]:
        steps = steps_of(events)
        if not steps:
            return []
        incident_id = UUID(events[0].meta.aggregate_id)
        return [
            replace(
                follow_request(event, receipt_id, step), command=FollowIncident(incident_id, step)
            )
            for receipt_id in await storage.followers(pool, incident_id)
            for event, step in steps
        ]

    return following("alarm", storage.OURS, follow)

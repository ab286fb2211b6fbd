"""Consumes the events of the incidents of service requests."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from backbone.door.request import Request
from backbone.intake.following import follow_request, following, steps_of
from backbone.kafka.subscription import Asked, Subscription
from backbone.postgres.pool import Pool
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.population import storage
from services.population.care_case.needs import FollowService


def subscriptions(pool: Pool) -> tuple[Subscription, ...]:
    return (following("population", storage.OURS, follower(pool)),)


def follower(pool: Pool) -> Callable[[Sequence[IncidentEvent]], Awaitable[Asked]]:
    """Find the case by the incident, which carries no reference to it."""

    async def on_incident(events: Sequence[IncidentEvent]) -> Sequence[Request[Any]]:
        steps, service_id = steps_of(events), UUID(events[0].meta.aggregate_id)
        case_id = await pool.fetchval(storage.CASE_OF, service_id) if steps else None
        if case_id is None:
            return []
        return [
            follow_request(event, case_id, FollowService(service_id, step)) for event, step in steps
        ]

    return on_incident

"""Consumes the events of the incidents of service requests."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from backbone.door.request import Request
from backbone.intake.following import follow_request, following, step_of
from backbone.kafka.consumer import Subscription
from backbone.postgres.pool import Pool
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.population import storage
from services.population.care_case.needs import FollowService


def subscriptions(pool: Pool) -> tuple[Subscription, ...]:
    return (following("population", storage.OURS, follower(pool)),)


def follower(pool: Pool) -> Callable[[IncidentEvent], Awaitable[Sequence[Request[Any]]]]:
    """Find the case by the incident, which carries no reference to it."""

    async def on_incident(event: IncidentEvent) -> Sequence[Request[Any]]:
        step, service_id = step_of(event), UUID(event.meta.aggregate_id)
        case_id = await pool.fetchval(storage.CASE_OF, service_id) if step else None
        if step is None or case_id is None:
            return []
        return [follow_request(event, case_id, FollowService(service_id, step))]

    return on_incident

"""Consumes the events of the incidents of service requests."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from backbone.door.request import Request
from backbone.door.rows import RowsOf
from backbone.intake.following import follow_request, following, steps_of
from backbone.kafka.subscription import Asked, Subscription
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from services.population import codec, storage
from services.population.care_case.needs import FollowService
from services.population.own_keys import PersonKeys


def subscriptions(rows: RowsOf, persons: PersonKeys) -> tuple[Subscription, ...]:
    return (following("population", storage.OURS, follower(rows, persons)),)


def follower(
    rows: RowsOf, persons: PersonKeys
) -> Callable[[Sequence[IncidentEvent]], Awaitable[Asked]]:
    """Find the case by the incident, which carries no reference to it."""

    async def on_incident(events: Sequence[IncidentEvent]) -> Sequence[Request[Any]]:
        steps, service_id = steps_of(events), UUID(events[0].meta.aggregate_id)
        row = await rows.one(storage.CASE_OF, service_id) if steps else None
        if row is None:
            return []
        case = rows.decider.from_row(row)
        own = await persons.made(case.id)
        told = [(event, codec.heard(step, case, own)) for event, step in steps]
        return [
            follow_request(event, case.id, FollowService(service_id, step)) for event, step in told
        ]

    return on_incident

"""Consumes what the front desk passed on: a record begins, and hears of its caller later on."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from backbone.door.caused import caused_by
from backbone.door.request import Request
from backbone.kafka.subscription import Subscription
from backbone.postgres.pool import Pool
from backbone.words.followed import FollowCaller
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent

TOPIC = "liandong.alarm.events.v1"
AMENDED = "amended"


def passed_on(
    service: str, kind: str, register: Callable[[AlarmEvent], Request[Any]], ours: str, pool: Pool
) -> Subscription:
    """The subscription of a service that registers a record for each event of this kind; the query
    `ours` selects its records among the receipts $1."""

    async def ask(events: Sequence[AlarmEvent]) -> Sequence[Request[Any]]:
        begun = [register(each) for each in events if each.WhichOneof("kind") == kind]
        asked = [each for each in map(of_caller, events) if each is not None]
        if asked and not begun and not await pool.fetch(ours, [asked[0].aggregate_id]):
            return []
        return [*begun, *asked]

    return Subscription(
        f"{service}.alarm", TOPIC, AlarmEvent, ask, kinds=frozenset({kind, AMENDED})
    )


def of_caller(event: AlarmEvent) -> Request[FollowCaller] | None:
    """The request to the record that the receipt became, where its caller was amended."""
    if event.WhichOneof("kind") != AMENDED or not event.amended.HasField("caller"):
        return None
    meta = event.meta
    command = FollowCaller(tuple(event.amended.caller.called), meta.actor, meta.unit)
    return caused_by(meta, UUID(meta.aggregate_id), command, "follow caller")

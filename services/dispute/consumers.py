"""Consumes the events of its incidents, and of alarms that were referred to mediation."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.intake.following import following
from backbone.kafka.subscription import Subscription
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from services.dispute import codec, storage
from services.dispute.dispute.registration import RegisterDispute
from services.dispute.metrics import REFERRALS


def on_alarms(events: Sequence[AlarmEvent]) -> Sequence[Request[RegisterDispute]]:
    """警调对接: register each matter that the front desk referred, once."""
    return [registering(event) for event in events]


def registering(event: AlarmEvent) -> Request[RegisterDispute]:
    command = codec.to_referral(event.mediation_referred.referral)
    meta = event.meta
    REFERRALS.labels("ALARM").inc()
    return Request(
        request_id=uuid5(UUID(meta.event_id), "register"),
        aggregate_id=command.id,
        command=command,
        body_hash="",
        actor=command.by,
        deadline=NEVER,
        cause=meta.event_id,
    )


SUBSCRIPTIONS: tuple[Subscription, ...] = (
    following("dispute", storage.OURS),
    Subscription(
        "dispute.alarm",
        "liandong.alarm.events.v1",
        AlarmEvent,
        on_alarms,
        kinds=frozenset({"mediation_referred"}),
    ),
)

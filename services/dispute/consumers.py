"""Consumes the events of its incidents, and of alarms that were referred to mediation."""

from collections.abc import Sequence

from backbone.door.caused import caused_by
from backbone.door.request import Request
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
    REFERRALS.labels("ALARM").inc()
    return caused_by(event.meta, command.id, command, "register", command.by)


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

"""Consumes the events of its incidents, and of alarms that were referred to mediation."""

from backbone.door.caused import caused_by
from backbone.door.request import Request
from backbone.intake.following import following
from backbone.intake.receipts import passed_on
from backbone.kafka.subscription import Subscription
from backbone.postgres.pool import Pool
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from services.dispute import codec, storage
from services.dispute.dispute.registration import RegisterDispute
from services.dispute.metrics import REFERRALS


def registering(event: AlarmEvent) -> Request[RegisterDispute]:
    """警调对接: register a matter that the front desk referred, once."""
    command = codec.to_referral(event.mediation_referred.referral)
    REFERRALS.labels("ALARM").inc()
    return caused_by(event.meta, command.id, command, "register", command.by)


def subscriptions(pool: Pool) -> tuple[Subscription, ...]:
    return (
        following("dispute", storage.OURS),
        passed_on("dispute", "mediation_referred", registering, storage.OURS, pool),
    )

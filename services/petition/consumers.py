"""Consumes the events of its incidents, and of receipts that were passed to a petition office."""

from backbone.door.caused import caused_by
from backbone.door.request import Request
from backbone.intake.following import following
from backbone.intake.receipts import passed_on
from backbone.kafka.subscription import Subscription
from backbone.postgres.pool import Pool
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from services.petition import codec, storage
from services.petition.petition.registration import RegisterPetition


def registering(event: AlarmEvent) -> Request[RegisterPetition]:
    """Register a receipt that the front desk passed to an office, once."""
    command = codec.to_referral(event.passed_to_petitions.referral)
    return caused_by(event.meta, command.id, command, "register", command.by)


def subscriptions(pool: Pool) -> tuple[Subscription, ...]:
    return (
        following("petition", storage.OURS),
        passed_on("petition", "passed_to_petitions", registering, storage.OURS, pool),
    )

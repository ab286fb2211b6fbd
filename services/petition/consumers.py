"""Consumes the events of its incidents, and of receipts that were passed to a petition office."""

from collections.abc import Sequence

from backbone.door.caused import caused_by
from backbone.door.request import Request
from backbone.intake.following import following
from backbone.kafka.subscription import Subscription
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from services.petition import codec, storage
from services.petition.petition.registration import RegisterPetition


def on_alarms(events: Sequence[AlarmEvent]) -> Sequence[Request[RegisterPetition]]:
    """Register each receipt that the front desk passed to an office, once."""
    return [registering(event) for event in events]


def registering(event: AlarmEvent) -> Request[RegisterPetition]:
    command = codec.to_referral(event.passed_to_petitions.referral)
    return caused_by(event.meta, command.id, command, "register", command.by)


SUBSCRIPTIONS: tuple[Subscription, ...] = (
    following("petition", storage.OURS),
    Subscription(
        "petition.alarm",
        "liandong.alarm.events.v1",
        AlarmEvent,
        on_alarms,
        kinds=frozenset({"passed_to_petitions"}),
    ),
)

"""Consumes the events of the incidents of its petitions."""

from backbone.intake.following import following
from backbone.kafka.subscription import Subscription
from services.petition import storage

SUBSCRIPTIONS: tuple[Subscription, ...] = (following("petition", storage.OURS),)

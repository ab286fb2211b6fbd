"""What petition listens to: the incidents of its own petitions."""

from backbone.consumer import Subscription
from backbone.following import following
from services.petition import storage

SUBSCRIPTIONS: tuple[Subscription, ...] = (following("petition", storage.OURS),)

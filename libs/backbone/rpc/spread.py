"""Shared streams to a service that may have several instances: each gets its share of calls."""

from collections.abc import Callable
from itertools import cycle
from math import inf
from typing import Any

from backbone.process.settings import Settings
from backbone.rpc.channels import has_several, open_channel
from backbone.rpc.shared_client import Metadata, SharedCall, SharedStream
from backbone.rpc.signed import SigningChannel

# Streams to a service with several addresses: enough for each of a few instances to get some.
SPREAD = 6
# Seconds after which such a stream opens anew, once no call waits on it: so that an instance which
# came later, or came back, gets its share.
LASTS = 15.0
# Seconds before each repeat where several instances answer: that none is reached is passing, as
# when a machine stood still for longer than the three seconds in which a ping must be answered; all
# connections are made anew within one. A single instance that is away is away for longer.
PAUSES = (0.05, 0.15, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5)


class Spread:
    """Shared streams on one channel, which calls use in turn; a stub takes it as a channel.

    Streams that open one after the other go to the instances of the service in turn: so that each
    gets its share. A stream stays with its instance until that ends, or it has grown old.
    """

    def __init__(self, channel: SigningChannel, token: str, streams: int) -> None:
        lasts, pauses = (LASTS if streams > 1 else inf), (PAUSES if streams > 1 else None)
        self._streams = [SharedStream(channel, token, lasts, pauses) for _ in range(streams)]

    def unary_unary(self, *path: Any, **how: Any) -> Callable[..., Any]:
        turns = cycle([stream.unary_unary(*path, **how) for stream in self._streams])

        def call(request: Any, *, timeout: float, metadata: Metadata) -> SharedCall:
            sent: SharedCall = next(turns)(request, timeout=timeout, metadata=metadata)
            return sent

        return call

    def unary_stream(self, *path: Any, **how: Any) -> Any:
        return self._streams[0].unary_stream(*path, **how)


def open_shared(settings: Settings, service: str) -> Spread:
    """Shared streams to another service, on a channel of their own; a stub takes it as one."""
    return spread_on(open_channel(settings, service), settings, service)


def spread_on(channel: SigningChannel, settings: Settings, service: str) -> Spread:
    several = has_several(settings.address_of(service))
    return Spread(channel, settings.token, SPREAD if several else 1)

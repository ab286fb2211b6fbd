"""Asks again what another service could not answer, until it does.

The caller's event is the guarantee and survives this process; it needs Kafka. This needs none: a
service that was away for a moment while Kafka is away hears of the order as soon as it is back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from uuid import UUID

from backbone.metrics import ASKED_AGAIN

# Says whether the question is settled. It may be asked any number of times.
Ask = Callable[[], Awaitable[bool]]

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
# More than these are left to their events alone.
MOST = 1_000


class Again:
    """One question for each request id, in tasks of their own."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES) -> None:
        self._pauses = pauses
        self._asking: dict[UUID, asyncio.Task[None]] = {}

    def later(self, request_id: UUID, ask: Ask) -> None:
        """Ask in a moment, and then at growing intervals, until it is settled."""
        if request_id in self._asking or len(self._asking) >= MOST:
            return
        task = asyncio.create_task(self._until_settled(ask))
        self._asking[request_id] = task
        task.add_done_callback(lambda _: self._asking.pop(request_id))

    async def _until_settled(self, ask: Ask) -> None:
        for pause in chain(self._pauses, repeat(self._pauses[-1])):
            await asyncio.sleep(pause)
            ASKED_AGAIN.inc()
            if await ask():
                return

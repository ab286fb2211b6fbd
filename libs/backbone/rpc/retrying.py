"""Repeats a call to another service until it is answered.

Delivery is guaranteed by the caller's event, which survives this process but needs Kafka. The
retrier does not: while Kafka is away, it reaches a service as soon as that is back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from uuid import UUID

import grpc

from backbone.process.metrics import ASKED_AGAIN
from backbone.rpc.channels import may_still_happen

# A call to another service; it may be made any number of times.
Call = Callable[[], Awaitable[object]]

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
# Calls retried at a time; further ones are left to their events.
MOST = 1_000


class Retrier:
    """Retries calls in background tasks, one for each request id."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES) -> None:
        self._pauses = pauses
        self._asking: dict[UUID, asyncio.Task[None]] = {}

    def schedule(self, request_id: UUID, call: Call) -> None:
        """Call after the first pause, then at growing intervals, until answered or refused."""
        if request_id in self._asking or len(self._asking) >= MOST:
            return
        task = asyncio.create_task(self._until_settled(call))
        self._asking[request_id] = task
        task.add_done_callback(lambda _: self._asking.pop(request_id))

    async def _until_settled(self, call: Call) -> None:
        for pause in chain(self._pauses, repeat(self._pauses[-1])):
            await asyncio.sleep(pause)
            ASKED_AGAIN.inc()
            try:
                await call()
            except grpc.aio.AioRpcError as error:
                if may_still_happen(error):
                    continue
            return

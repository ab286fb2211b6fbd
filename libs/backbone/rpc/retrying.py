"""Asks again what another service could not answer, until it does.

The caller's event is the guarantee and survives this process; it needs Kafka. This needs none: a
service that was away for a moment while Kafka is away hears of the order as soon as it is back.
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
# More than these are left to their events alone.
MOST = 1_000


class Again:
    """One question for each request id, in tasks of their own."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES) -> None:
        self._pauses = pauses
        self._asking: dict[UUID, asyncio.Task[None]] = {}

    def later(self, request_id: UUID, call: Call) -> None:
        """Call in a moment, and then at growing intervals, until it is answered or refused."""
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

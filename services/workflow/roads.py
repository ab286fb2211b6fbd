"""Two roads to the same door: the stream, and the direct road if the stream does not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from aiokafka.errors import KafkaError
from msgspec.structs import replace

from backbone.door.batcher import Batcher
from backbone.door.notices import Waiting
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.door.timers import NEVER
from services.workflow.breaker import Breaker, Road
from services.workflow.metrics import HEDGES

HEDGE_AFTER = 0.4
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Publish = Callable[[bytes, bytes], Awaitable[None]]


class Roads:
    """The first road to write the outcome wins; the other road finds that outcome.

    While the breaker is open, a probe goes over both roads at once: its caller does not wait for a
    stream that may stand still.
    """

    def __init__(
        self, publish: Publish, batcher: Batcher[Any], waiting: Waiting, breaker: Breaker
    ) -> None:
        self._publish = publish
        self._batcher = batcher
        self._waiting = waiting
        self._breaker = breaker
        self._beside: set[asyncio.Task[Outcome | None]] = set()

    async def perform(self, request: Request[Any], value: bytes) -> tuple[Outcome, Road]:
        """Return the outcome and its road. Raises only transient errors."""
        try:
            if self._breaker.choose() is Road.STREAM:
                outcome = await self._by_stream(request, value)
                if outcome is not None:
                    return outcome, Road.STREAM
            elif self._breaker.probes():
                self._do_beside(self._by_stream(request, value))
            return await self.directly(request), Road.DIRECT
        except asyncio.CancelledError:
            self._expire(request)
            raise

    async def directly(self, request: Request[Any]) -> Outcome:
        """Perform by the direct road alone. Raises only transient errors."""
        # The answer comes by the call: a notice would tell this front of itself, and would look to
        # a probe as if the stream had sent it.
        return await self._batcher.submit(replace(request, front=""))

    async def _by_stream(self, request: Request[Any], value: bytes) -> Outcome | None:
        try:
            with self._waiting.outcome_of(request.request_id) as answer:
                async with asyncio.timeout(HEDGE_AFTER):
                    await self._publish(str(request.aggregate_id).encode(), value)
                    outcome = await asyncio.shield(answer)
        except (TimeoutError, KafkaError):
            self._breaker.failed()
            HEDGES.inc()
            return None
        self._breaker.arrived()
        # An outcome of an earlier call goes to the door: the body may differ, the caller may have
        # lost the right to see it, and the state may have changed since.
        return outcome if outcome.call == request.call and outcome.has_answer else None

    def _expire(self, request: Request[Any]) -> None:
        """Cancel the command of a caller that gave up: write the outcome EXPIRED first."""
        if request.deadline == NEVER:
            return
        self._do_beside(self.directly(replace(request, deadline=LONG_AGO)))

    def _do_beside(self, work: Coroutine[Any, Any, Outcome | None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

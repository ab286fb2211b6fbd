"""Gathers concurrent requests into batches, so that one transaction answers many of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.postgres.pool import is_transient
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

C = TypeVar("C")
Perform = Callable[[Sequence[Request[C]]], Awaitable[list[Outcome]]]

# Requests per batch. It also keeps one notification under the 8000 bytes that Postgres allows.
MOST = 200


class Batcher(Generic[C]):
    """A queue of requests for one door; batches run one after the other, in order."""

    def __init__(self, perform: Perform[C], pulse: Pulse) -> None:
        self._perform = perform
        self._pulse = pulse
        self._waiting: asyncio.Queue[tuple[Request[C], asyncio.Future[Outcome]]]
        self._waiting = asyncio.Queue(maxsize=5 * MOST)

    def waiting(self) -> int:
        """How many requests wait for the next batch."""
        return self._waiting.qsize()

    async def put(self, request: Request[C]) -> asyncio.Future[Outcome]:
        """Queue the request, waiting while the queue is full; return the future of its outcome."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        await self._waiting.put((request, answer))
        return answer

    async def submit(self, request: Request[C]) -> Outcome:
        """Queue the request and wait for its outcome. Raises transient errors only."""
        return await (await self.put(request))

    async def run(self) -> None:
        """Perform batches for ever."""
        while True:
            batch = [await self._next()]
            # Take the requests that are ready now, and wait for no more: requests that arrive
            # while a batch runs fill the next one, and a lone request is answered at once.
            await asyncio.sleep(0)
            while len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            self._pulse.beat("batcher")
            # Drop requests whose caller has given up: no answer was sent, so a repeat starts anew.
            batch = [waiting for waiting in batch if not waiting[1].done()]
            if batch:
                await self._answer(batch)

    async def _next(self) -> tuple[Request[C], asyncio.Future[Outcome]]:
        """Wait for a request, beating meanwhile: an idle batcher is alive."""
        while True:
            self._pulse.beat("batcher")
            try:
                async with asyncio.timeout(5):
                    return await self._waiting.get()
            except TimeoutError:
                continue

    async def _answer(self, batch: list[tuple[Request[C], asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._perform([request for request, _ in batch])
        except Exception as error:
            if not is_transient(error):
                raise
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if not answer.done():
                answer.set_result(outcome)


def patiently(perform: Perform[C], pulse: Pulse, pause: float = 0.2) -> Perform[C]:
    """Repeat `perform` on transient errors: for a road that may wait but must keep its order."""

    async def repeated(requests: Sequence[Request[C]]) -> list[Outcome]:
        while True:
            pulse.beat("batcher")
            try:
                return await perform(requests)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("batch.waits", extra={"error": str(error), "count": len(requests)})
            await asyncio.sleep(pause)

    return repeated

"""Gathers concurrent requests into batches, so that one transaction answers many of them."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.postgres.pool import is_transient
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

C = TypeVar("C")
Waiting: TypeAlias = tuple[Request[C], asyncio.Future[Outcome]]
Perform = Callable[[Sequence[Request[C]]], Awaitable[list[Outcome]]]

# Requests per batch. It also keeps one notification under the 8000 bytes that Postgres allows.
MOST = 200
# So many wait that a batch beside the one that runs pays: a small one costs more for each request.
CROWD = 50


class Batcher(Generic[C]):
    """A queue of requests for one door. Those of one aggregate are performed in their order.

    Batches run one after the other. While a crowd waits, `most_at_once` run beside each other: the
    database works for one while the next one is decided. They have no aggregate in common.
    `crowd` is the number of requests that is one.
    """

    def __init__(
        self, perform: Perform[C], pulse: Pulse, most_at_once: int = 1, crowd: int = CROWD
    ) -> None:
        self._perform = perform
        self._pulse = pulse
        self._most_at_once = most_at_once
        self._crowd = crowd
        self._waiting: deque[Waiting[C]] = deque()
        self._room = asyncio.Semaphore(5 * MOST)
        self._running: set[UUID] = set()  # the aggregates of the batches that run
        self._changed = asyncio.Event()

    def waiting(self) -> int:
        """How many requests wait for the next batch."""
        return len(self._waiting)

    async def put(self, request: Request[C]) -> asyncio.Future[Outcome]:
        """Queue the request, waiting while the queue is full; return the future of its outcome."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        await self._room.acquire()
        self._waiting.append((request, answer))
        self._changed.set()
        return answer

    async def submit(self, request: Request[C]) -> Outcome:
        """Queue the request and wait for its outcome. Raises transient errors only."""
        return await (await self.put(request))

    async def run(self) -> None:
        """Perform batches for ever."""
        beside = [asyncio.create_task(self._work()) for _ in range(self._most_at_once)]
        try:
            await asyncio.gather(*beside)
        finally:
            for each in beside:
                each.cancel()

    async def _work(self) -> None:
        """Run one batch after the other, for ever."""
        while True:
            self._pulse.beat("batcher")
            # Take the requests that are ready now, and wait for no more: requests that arrive
            # while a batch runs fill the next one, and a lone request is answered at once.
            await asyncio.sleep(0)
            if batch := self._take():
                await self._answer(batch)
            else:
                await self._change()

    def _take(self) -> list[Waiting[C]]:
        """The next requests of which no batch that runs has the aggregate; none while few wait
        beside one.

        Requests whose caller has given up are dropped: no answer was sent, so a repeat starts anew.
        """
        batch: list[Waiting[C]] = []
        passed: list[Waiting[C]] = []
        if self._running and len(self._waiting) < self._crowd:
            return batch
        while self._waiting and len(batch) < MOST:
            each = self._waiting.popleft()
            if each[0].aggregate_id in self._running:
                passed.append(each)
                continue
            self._room.release()
            if not each[1].done():
                batch.append(each)
        self._waiting.extendleft(reversed(passed))
        return batch

    async def _change(self) -> None:
        """Wait until a request arrives or a batch ends, at most so long that the pulse beats: an
        idle batcher is alive."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._changed.wait()

    async def _answer(self, batch: list[Waiting[C]]) -> None:
        aggregates = {request.aggregate_id for request, _ in batch}
        self._running |= aggregates
        try:
            outcomes = await self._perform([request for request, _ in batch])
        except Exception as error:
            if not is_transient(error):
                raise
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        finally:
            self._running -= aggregates
            self._changed.set()
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

"""Notifies waiting fronts over LISTEN/NOTIFY of finished requests; notices may be lost.

The door sends the notices in the transaction of the outcomes, so they arrive with the commit and
cost no round trip. A notice holds ids, or a sealed outcome.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import UUID

from backbone.door.carrying import CHANNEL, MARK, Carrier
from backbone.door.outcomes import Outcome
from backbone.door.request import Request
from backbone.postgres.pool import Connect, is_transient
from backbone.process.pulse import Pulse
from backbone.words.errors import Unavailable

log = logging.getLogger(__name__)

# For a batch of repeats, which writes nothing else.
NOTIFY = """
SELECT pg_notify(channel, said) FROM unnest($1::text[], $2::text[]) AS notice (channel, said)
"""


# In larger batches one read of all outcomes costs less than to seal each of them.
FEW = 4

# Two parallel lists: the channels of fronts, and the texts that they are sent.
Notices: TypeAlias = tuple[list[str], list[str]]
NO_NOTICES: Notices = ([], [])


def addressed(
    requests: Sequence[Request[Any]], answers: Sequence[Outcome], carrier: Carrier | None
) -> Notices:
    """The notices to the fronts that wait for these requests.

    In a small batch the stored answer to this very call is carried, if there is a carrier, its
    front can read it, and it fits.
    """
    carrier = carrier if len(requests) <= FEW else None
    finished: dict[str, list[str]] = defaultdict(list)
    notices: list[tuple[str, str]] = []
    for request, answer in zip(requests, answers, strict=True):
        if not request.front:
            continue
        # The door does not store an Unavailable outcome; the front then asks the direct road.
        stored = answer.has_answer and answer.kind != Unavailable.__name__
        carries = stored and answer.call == request.call and request.front.startswith(CHANNEL)
        text = carrier.seal(request.front, answer) if carrier and carries else ""
        if text:
            notices.append((request.front, text))
        else:
            finished[request.front].append(request.request_id.hex)
    notices += [(channel, ",".join(ids)) for channel, ids in finished.items()]
    return [channel for channel, _ in notices], [text for _, text in notices]


# Returns the stored outcomes of these requests.
Find = Callable[[Sequence[UUID]], Awaitable[Sequence[Outcome]]]


class Waiting:
    """The requests for which this front waits. Listens on a connection of its own.

    `find` reads outcomes; `heard` is called for each notice of another process; `carrier` opens
    the outcomes that notices carry.
    """

    def __init__(
        self,
        find: Find,
        carrier: Carrier,
        connect: Connect,
        channel: str,
        pulse: Pulse,
        heard: Callable[[], object] = lambda: None,
    ) -> None:
        self.channel = channel
        self._find = find
        self._carrier = carrier
        self._connect = connect
        self._pulse = pulse
        self._tell_heard = heard
        self._answers: dict[UUID, list[asyncio.Future[Outcome]]] = defaultdict(list)
        self._heard: asyncio.Queue[list[UUID]] = asyncio.Queue()

    @contextmanager
    def outcome_of(self, request_id: UUID) -> Iterator[asyncio.Future[Outcome]]:
        """A future of the request's outcome; several calls may wait for the same request."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._answers[request_id].append(answer)
        try:
            yield answer
        finally:
            self._answers[request_id].remove(answer)
            if not self._answers[request_id]:
                del self._answers[request_id]

    async def run(self) -> None:
        """Listen for ever; while the connection is lost, callers fall back to the direct road."""
        while True:
            self._pulse.beat("notices")
            try:
                await self._listen()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("notices.away", exc_info=error)
            await asyncio.sleep(0.2)

    async def _listen(self) -> None:
        conn: Any = await self._connect()
        try:
            conn.add_termination_listener(lambda _: self._heard.put_nowait([]))
            await conn.add_listener(self.channel, self._hear)
            while not conn.is_closed():
                self._pulse.beat("notices")
                try:
                    async with asyncio.timeout(5):
                        heard = await self._heard.get()
                except TimeoutError:
                    await conn.execute("SELECT 1")  # fails on a half-open connection
                    continue
                await self._resolve(heard)
        finally:
            conn.terminate()

    def _hear(self, conn: object, pid: int, channel: str, payload: object) -> None:
        """Every role of the database may notify: what cannot be read is left to the hedge."""
        self._tell_heard()
        try:
            self._take(str(payload))
        except ValueError:
            log.warning("notice.unreadable", extra={"channel": channel}, exc_info=True)

    def _take(self, text: str) -> None:
        if not text.startswith(MARK):
            self._heard.put_nowait([UUID(hex=part) for part in text.split(",")])
            return
        outcome = self._carrier.open(self.channel, text)
        if outcome.has_answer:
            self._settle(outcome)
        else:
            self._heard.put_nowait([outcome.request_id])

    async def _resolve(self, finished: list[UUID]) -> None:
        expected = [request_id for request_id in finished if request_id in self._answers]
        for outcome in await self._find(expected) if expected else ():
            self._settle(outcome)

    def _settle(self, outcome: Outcome) -> None:
        for answer in self._answers.get(outcome.request_id, ()):
            if not answer.done():
                answer.set_result(outcome)

"""The last changes in memory, and the ids from which a stream of them can be resumed.

An id is the vector of offsets up to which every partition has been shown. Any gateway can resume
from any other's id, whatever order the partitions arrived in, because each partition is compared
by itself. What cannot be resumed without a gap is reset, never guessed.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.gateway.live.event_ids import EventId
from services.gateway.live.visibility import Scope


@dataclass(slots=True)
class Change:
    """One event: where it stood in the log, who may see it, and how it is written once asked."""

    partition: int
    offset: int
    timestamp: int
    scope: Scope
    write: Callable[[], bytes]
    vector: tuple[int, ...] = ()
    _written: bytes = b""
    _id: str = ""

    @property
    def written(self) -> bytes:
        """Written at first need: most events of a busy log are seen by nobody live."""
        if not self._written:
            self._written = self.write()
        return self._written

    def id_in(self, epoch: int) -> str:
        """The id after this change for whoever reads in the order of this ring."""
        if not self._id:
            self._id = EventId(epoch, self.vector, self.partition, self.timestamp).encode()
        return self._id


class Ring:
    """The last changes of all partitions, in the order in which they arrived here."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._changes: list[Change] = []
        self._first = 0
        self._floor: list[int] = []
        self._pulse = asyncio.Event()
        self.epoch = 0
        self.head: list[int] = []

    @property
    def next(self) -> int:
        """The position that the next change will have."""
        return self._first + len(self._changes)

    @property
    def has_begun(self) -> bool:
        return bool(self.head)

    @property
    def first(self) -> int:
        return self._first

    def begin(self, epoch: int, offsets: Sequence[int]) -> None:
        """Start anew at these offsets; positions go on, so that every reader notices."""
        self._first = self.next + 1
        self._changes.clear()
        self.epoch, self.head, self._floor = epoch, list(offsets), list(offsets)
        self.wake()

    def append(self, change: Change) -> None:
        """Take the next change of its partition; `wake` tells the readers, once a batch."""
        self.head[change.partition] = change.offset + 1
        change.vector = tuple(self.head)
        self._changes.append(change)
        if len(self._changes) > 2 * self.most:
            self._forget(self.most)

    def _forget(self, count: int) -> None:
        """Many at once: dropping from the front of a list costs as much as its length."""
        for change in self._changes[:count]:
            self._floor[change.partition] = change.offset + 1
        del self._changes[:count]
        self._first += count

    def skip(self, partition: int, offset: int) -> None:
        """Pass a record that is shown to nobody; the ids after it say so."""
        self.head[partition] = offset + 1

    def wake(self) -> None:
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def moved(self) -> None:
        """Return when the ring has taken something."""
        await self._pulse.wait()

    async def wait(self, position: int) -> None:
        """Return when there is something at the position, or when it is gone."""
        while self._first <= position == self.next:
            await self.moved()

    def after(self, position: int, most: int) -> Sequence[Change]:
        start = max(0, position - self._first)
        return self._changes[start : start + most]

    def knows(self, given: EventId) -> bool:
        """Say whether everything after the id is still here, and the id of this same log."""
        if given.epoch != self.epoch or len(given.vector) != len(self.head):
            return False
        kept = all(at >= floor for at, floor in zip(given.vector, self._floor, strict=True))
        return kept and not self.lags(given) and self._is_of_this_log(given)

    def lags(self, given: EventId) -> bool:
        """Say whether another gateway has read further than this one."""
        return any(at > head for at, head in zip(given.vector, self.head, strict=False))

    def _is_of_this_log(self, given: EventId) -> bool:
        """A topic made anew has another record, of another time, at the same offset."""
        if given.partition is None:
            return True
        partition, offset = given.partition, given.vector[given.partition] - 1
        return any(
            (change.partition, change.offset) == (partition, offset)
            and change.timestamp == given.timestamp
            for change in reversed(self._changes)
        )


class Reader:
    """One caller's place in the ring."""

    def __init__(self, ring: Ring, start: EventId | None) -> None:
        self._ring = ring
        self.resumes = start is not None
        self._seen = start.vector if start else ()
        self._position = ring.first if start else ring.next
        self._last: Change | None = None

    async def wait(self) -> None:
        await self._ring.wait(self._position)

    @property
    def is_lost(self) -> bool:
        """What comes next is no longer here: too slow, or the log began anew."""
        return self._position < self._ring.first

    def take(self, may_see: Callable[[Scope], bool], most: int = 200) -> list[tuple[str, bytes]]:
        """Those of the next changes that the caller may see, with the id after each."""
        changes = self._ring.after(self._position, most)
        self._position += len(changes)
        self._last = changes[-1] if changes else self._last
        return [
            (self._id_after(change), change.written)
            for change in changes
            if self._is_new(change) and may_see(change.scope)
        ]

    def here(self) -> str:
        """The id of this place, whether or not the caller could see what came last."""
        if self._last is not None:
            return self._id_after(self._last)
        return EventId(self._ring.epoch, self._seen or tuple(self._ring.head)).encode()

    def _is_new(self, change: Change) -> bool:
        return not self._seen or change.offset >= self._seen[change.partition]

    def _id_after(self, change: Change) -> str:
        epoch = self._ring.epoch
        if not self._seen:
            return change.id_in(epoch)
        vector = tuple(map(max, change.vector, self._seen))
        if vector == change.vector:
            self._seen = ()  # caught up: from here on the order of this ring is ours
        return EventId(epoch, vector, change.partition, change.timestamp).encode()

"""A ring of the latest changes in memory, and the ids from which a stream can resume.

An id is the vector of offsets up to which each partition was sent. Partitions are compared one by
one, so a gateway can resume from the id of another that read them in another order. A stream that
cannot resume without a gap is reset.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.gateway.live.event_ids import EventId
from services.gateway.live.visibility import Scope


@dataclass(slots=True)
class Change:
    """One event: its position in the log, its audience, and its text, written on demand."""

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
        """The text, written at the first use: most events have no live viewer."""
        if not self._written:
            self._written = self.write()
        return self._written

    def id_in(self, epoch: int) -> str:
        """The id after this change, for readers in the order of this ring."""
        if not self._id:
            self._id = EventId(epoch, self.vector, self.partition, self.timestamp).encode()
        return self._id


class Ring:
    """The latest changes of all partitions, in the order of their arrival."""

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
        """The position of the next change."""
        return self._first + len(self._changes)

    @property
    def has_begun(self) -> bool:
        return bool(self.head)

    @property
    def first(self) -> int:
        return self._first

    def begin(self, epoch: int, offsets: Sequence[int]) -> None:
        """Start again at these offsets; positions jump, so that every reader notices."""
        self._first = self.next + 1
        self._changes.clear()
        self.epoch, self.head, self._floor = epoch, list(offsets), list(offsets)
        self.wake()

    def append(self, change: Change) -> None:
        """Add the next change of its partition; call `wake` once after a batch."""
        self.head[change.partition] = change.offset + 1
        change.vector = tuple(self.head)
        self._changes.append(change)
        if len(self._changes) > 2 * self.most:
            self._forget(self.most)

    def _forget(self, count: int) -> None:
        """Drop the oldest changes, many at once, as this costs time in the length of the list."""
        for change in self._changes[:count]:
            self._floor[change.partition] = change.offset + 1
        del self._changes[:count]
        self._first += count

    def skip(self, partition: int, offset: int) -> None:
        """Advance past a record that is not shown, so that later ids include it."""
        self.head[partition] = offset + 1

    def wake(self) -> None:
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def moved(self) -> None:
        """Wait for the next `wake`."""
        await self._pulse.wait()

    async def wait(self, position: int) -> None:
        """Wait for a change at the position, or until the position is dropped."""
        while self._first <= position == self.next:
            await self.moved()

    def after(self, position: int, most: int) -> Sequence[Change]:
        start = max(0, position - self._first)
        return self._changes[start : start + most]

    def knows(self, given: EventId) -> bool:
        """Whether the id is of this log and all changes after it are still in the ring."""
        if given.epoch != self.epoch or len(given.vector) != len(self.head):
            return False
        kept = all(at >= floor for at, floor in zip(given.vector, self._floor, strict=True))
        return kept and not self.lags(given) and self._is_of_this_log(given)

    def lags(self, given: EventId) -> bool:
        """Whether the gateway that issued the id has read further than this one."""
        return any(at > head for at, head in zip(given.vector, self.head, strict=False))

    def _is_of_this_log(self, given: EventId) -> bool:
        """Compare the record's timestamp: a recreated topic has another record at the offset."""
        if given.partition is None:
            return True
        partition, offset = given.partition, given.vector[given.partition] - 1
        return any(
            (change.partition, change.offset) == (partition, offset)
            and change.timestamp == given.timestamp
            for change in reversed(self._changes)
        )


class Reader:
    """One caller's position in the ring."""

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
        """Whether the next change was dropped: the reader is too slow, or the ring began again."""
        return self._position < self._ring.first

    def take(self, may_see: Callable[[Scope], bool], most: int = 200) -> list[tuple[str, bytes]]:
        """The next changes that the caller may see, each with the id after it."""
        changes = self._ring.after(self._position, most)
        self._position += len(changes)
        self._last = changes[-1] if changes else self._last
        return [
            (self._id_after(change), change.written)
            for change in changes
            if self._is_new(change) and may_see(change.scope)
        ]

    def here(self) -> str:
        """The id of this position, including changes that the caller may not see."""
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
            self._seen = ()  # caught up: the ring's own ids are right from here on
        return EventId(epoch, vector, change.partition, change.timestamp).encode()

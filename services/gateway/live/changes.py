"""A ring of the latest changes in memory, and the ids from which a stream can resume.

An id is the vector of offsets up to which each partition was sent. Partitions are compared one by
one, so a gateway can resume from the id of another that read them in another order. A stream that
cannot resume without a gap is reset.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from msgspec.structs import replace

from backbone.words.actor import Actor
from services.gateway.live.event_ids import EventId
from services.gateway.live.frames import frame
from services.gateway.live.visibility import Scope, may_see


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
    _framed: bytes = b""

    @property
    def written(self) -> bytes:
        """The text, written at the first use: most events have no live viewer."""
        if not self._written:
            self._written = self.write()
        return self._written

    def framed(self, epoch: int) -> bytes:
        """The whole frame, with the id after this change: the same for all readers in the order
        of this ring, and written once."""
        if not self._framed:
            self._framed = frame("change", self.written, self.id_in(epoch))
        return self._framed

    def id_in(self, epoch: int) -> str:
        """The id after this change, for readers in the order of this ring."""
        return EventId(epoch, self.vector, self.partition, self.timestamp).encode()


class Audience:
    """All callers who see the same changes: the rule is asked once for them, and they are woken
    for what they see. Thousands of open streams belong to a few hundred audiences."""

    def __init__(self, ring: "Ring", actor: Actor) -> None:
        self._ring, self._actor = ring, actor
        self._since = ring.next
        self._shown: list[int] = []
        self._is_new = False
        self._pulse = asyncio.Event()

    def offer(self, position: int, change: Change) -> None:
        if may_see(self._actor, change.scope):
            self._shown.append(position)
            self._is_new = True

    def wake(self, *, all_of_them: bool = False) -> None:
        """Wake the readers if something came that they see."""
        if self._is_new or all_of_them:
            self._is_new = False
            pulse, self._pulse = self._pulse, asyncio.Event()
            pulse.set()

    def after(self, position: int, most: int) -> Sequence[int]:
        """The positions from here on, in order, `most` at most."""
        if position < self._since:
            self._look_back(position)
        start = bisect_left(self._shown, position)
        return self._shown[start : start + most]

    def has(self, position: int) -> bool:
        """Whether there is something at the position or after it."""
        return bool(self._shown) and self._shown[-1] >= position

    async def moved(self) -> None:
        await self._pulse.wait()

    def forget(self, first: int) -> None:
        del self._shown[: bisect_left(self._shown, first)]
        self._since = max(self._since, first)

    def _look_back(self, position: int) -> None:
        """A reader resumes at a change that came before this audience did."""
        earlier = self._ring.after(position, self._since - position)
        seen = [
            number
            for number, change in enumerate(earlier, max(position, self._ring.first))
            if may_see(self._actor, change.scope)
        ]
        self._shown[:0] = seen
        self._since = position


class Ring:
    """The latest changes of all partitions, in the order of their arrival."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._changes: list[Change] = []
        self._first = 0
        self._floor: list[int] = []
        self._pulse = asyncio.Event()
        self._audiences: WeakValueDictionary[Actor, Audience] = WeakValueDictionary()
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
        self._forget_all_before(self._first)
        self.wake()

    def append(self, change: Change) -> None:
        """Add the next change of its partition; call `wake` once after a batch."""
        self.head[change.partition] = change.offset + 1
        change.vector = tuple(self.head)
        for audience in self._audiences.values():
            audience.offer(self.next, change)
        self._changes.append(change)
        if len(self._changes) > 2 * self.most:
            self._forget(self.most)

    def _forget(self, count: int) -> None:
        """Drop the oldest changes, many at once, as this costs time in the length of the list."""
        for change in self._changes[:count]:
            self._floor[change.partition] = change.offset + 1
        del self._changes[:count]
        self._first += count
        self._forget_all_before(self._first)

    def _forget_all_before(self, first: int) -> None:
        """The readers that are further behind learn that they are lost."""
        for audience in self._audiences.values():
            audience.forget(first)
            audience.wake(all_of_them=True)

    def audience(self, actor: Actor) -> Audience:
        """The audience of callers in this role, unit and area; it lives as long as a reader."""
        alike = replace(actor, user="")
        audience = self._audiences.get(alike)
        if audience is None:
            audience = self._audiences[alike] = Audience(self, alike)
        return audience

    def skip(self, partition: int, offset: int) -> None:
        """Advance past a record that is not shown, so that later ids include it."""
        self.head[partition] = offset + 1

    def wake(self) -> None:
        """Wake those who see something new, and those who wait for the ring itself."""
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()
        for audience in self._audiences.values():
            audience.wake()

    async def moved(self) -> None:
        """Wait for the next `wake`."""
        await self._pulse.wait()

    def at(self, position: int) -> Change:
        return self._changes[position - self._first]

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

    def __init__(self, ring: Ring, actor: Actor, start: EventId | None) -> None:
        self._ring, self._audience = ring, ring.audience(actor)
        self.resumes = start is not None
        self._seen = start.vector if start else ()
        self._position = ring.first if start else ring.next
        self._last: Change | None = None

    async def wait(self) -> None:
        """Wait for a change that the caller sees, or until the position is dropped."""
        while not self.is_lost and not self._audience.has(self._position):
            await self._audience.moved()

    @property
    def is_lost(self) -> bool:
        """Whether the next change was dropped: the reader is too slow, or the ring began again."""
        return self._position < self._ring.first

    def take(self, most: int = 200) -> list[bytes]:
        """The frames of the next changes that the caller may see, each with the id after it."""
        positions = self._audience.after(self._position, most)
        self._position = positions[-1] + 1 if len(positions) == most else self._ring.next
        changes = [self._ring.at(position) for position in positions]
        frames = [self._frame(change) for change in changes if self._is_new(change)]
        if self._position > self._ring.first:
            self._last = self._ring.at(self._position - 1)
        return frames

    def here(self) -> str:
        """The id of this position, including changes that the caller may not see."""
        if self._last is not None:
            return self._id_after(self._last)
        return EventId(self._ring.epoch, self._seen or tuple(self._ring.head)).encode()

    def _is_new(self, change: Change) -> bool:
        return not self._seen or change.offset >= self._seen[change.partition]

    def _frame(self, change: Change) -> bytes:
        if not self._seen:
            return change.framed(self._ring.epoch)
        return frame("change", change.written, self._id_after(change))

    def _id_after(self, change: Change) -> str:
        epoch = self._ring.epoch
        if not self._seen:
            return change.id_in(epoch)
        vector = tuple(map(max, change.vector, self._seen))
        if vector == change.vector:
            self._seen = ()  # caught up: the ring's own ids are right from here on
        return EventId(epoch, vector, change.partition, change.timestamp).encode()

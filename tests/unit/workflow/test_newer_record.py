"""An event about a record that a newer release has written waits for a process of that release."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.workflow import stream
from services.workflow.stream import Lane, Road, Source


@dataclass
class Outcome:
    reason: str


@dataclass
class Batcher:
    """Answers with these reasons in turn; the last one stands."""

    reasons: list[str]
    asked: int = 0

    async def put(self, request: Any) -> "asyncio.Future[Any]":
        self.asked += 1
        answer = asyncio.get_running_loop().create_future()
        answer.set_result(Outcome(self.reasons.pop(0) if self.reasons[1:] else self.reasons[0]))
        return answer


@dataclass
class Kept:
    """The dead letters, and the check of signatures, which everything passes."""

    reasons: list[str] = field(default_factory=list)

    async def bury(self, message: Any, reason: str) -> None:
        self.reasons.append(reason)

    def check(self, message: Any) -> None:
        """Every record passes."""


@dataclass
class Record:
    topic: str = "liandong.petition.events.v1"
    value: bytes = b"1"
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Event:
    message: Record = field(default_factory=Record)
    acknowledged: bool = False

    def ack(self) -> None:
        self.acknowledged = True


@dataclass(frozen=True)
class Request:
    traceparent: str = "t"


async def settled(reasons: list[str], *, waits: bool) -> tuple[Event, Batcher, Kept]:
    """One event, after the lane had time for it."""
    batcher, kept, event = Batcher(reasons), Kept(), Event()
    road: Any = Road(batcher, kept, kept)  # type: ignore[arg-type]
    read: Any = lambda topic, value: [Request()]  # noqa: E731
    lane = Lane(road, Source(read, lambda reason: reason != "", waits))
    acknowledging = asyncio.create_task(lane.acknowledge())
    await lane.accept(event)
    await asyncio.sleep(0.1)
    acknowledging.cancel()
    return event, batcher, kept


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "NEWER_PAUSE", 0.001)


async def test_it_is_neither_acknowledged_nor_put_aside_while_the_record_is_newer() -> None:
    event, batcher, kept = await settled(["NEWER_SHAPE"], waits=True)
    assert not event.acknowledged and not kept.reasons and batcher.asked > 2


async def test_it_is_acknowledged_once_it_was_applied() -> None:
    event, batcher, kept = await settled(["NEWER_SHAPE", "NEWER_SHAPE", ""], waits=True)
    assert event.acknowledged and not kept.reasons and batcher.asked == 3


async def test_any_other_refusal_is_put_aside_at_once() -> None:
    event, _, kept = await settled(["NOT_OPEN"], waits=True)
    assert event.acknowledged and kept.reasons == ["NOT_OPEN"]


async def test_a_command_is_left_to_its_caller_who_goes_by_the_direct_road() -> None:
    event, batcher, _ = await settled(["NEWER_SHAPE"], waits=False)
    assert event.acknowledged and batcher.asked == 1

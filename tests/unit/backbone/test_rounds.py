"""A loop that beats by its rounds is seen when a round hangs, and not once it has ended."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from backbone.kafka.producer import Burial, Publisher
from backbone.process.pulse import Pulse
from services.gateway.live.changes import Ring
from services.gateway.live.feed import Feed

PATIENCE = 0.05


async def test_a_loop_lives_through_long_pauses_and_is_seen_when_it_stands_still() -> None:
    pulse, hangs = Pulse(PATIENCE * 60), asyncio.Event()
    rounds = 0

    async def loop() -> None:
        nonlocal rounds
        async for _ in pulse.rounds("one", 0.01):
            rounds += 1
            if rounds == 3:
                await hangs.wait()

    quick = Pulse(PATIENCE)
    quick.beat("two")
    task = asyncio.create_task(loop())
    async with asyncio.timeout(30):
        while rounds < 3 or not quick.dead():
            await asyncio.sleep(PATIENCE)
    assert rounds == 3 and quick.dead() == ["two"], "a round that hangs does not beat"
    assert pulse.dead(times=0) == ["one"]
    hangs.set()
    task.cancel()
    quick.ended("two")
    assert quick.dead() == []


async def test_a_pause_beats_each_second() -> None:
    pulse = Pulse(patience=1.5)
    resting = asyncio.create_task(pulse.rest("one", 60.0))
    await asyncio.sleep(2.2)
    assert pulse.dead() == []
    resting.cancel()


async def test_a_loop_ends_though_a_library_has_swallowed_its_cancellation() -> None:
    """As aiokafka does where an answer and the cancellation come in the same moment."""
    pulse, began, swallowed = Pulse(), asyncio.Event(), asyncio.Event()

    async def loop() -> None:
        async for _ in pulse.rounds("one", 0.01):
            began.set()
            try:
                await asyncio.sleep(0 if swallowed.is_set() else 60)
            except asyncio.CancelledError:
                swallowed.set()

    task = asyncio.create_task(loop())
    await began.wait()
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([task])
    assert swallowed.is_set() and task.cancelled()


class Swallowing:
    """A part of a library that loses one cancellation, and then goes on."""

    def __init__(self) -> None:
        self.began, self.lost = asyncio.Event(), 0

    async def answer(self, *given: object, **named: object) -> None:
        self.began.set()
        try:
            await asyncio.sleep(0.01 if self.lost else 60)
        except asyncio.CancelledError:
            if self.lost:
                raise
            self.lost += 1

    async def ends(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether the work ends although its first cancellation was lost here."""
        task = asyncio.create_task(work)
        async with asyncio.timeout(5):
            await self.began.wait()
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=2)
        ended = self.lost == 1 and bool(done)
        task.cancel()
        return ended and task.cancelled()


async def test_a_beat_ends_a_loop_that_has_no_rounds() -> None:
    pulse, library = Pulse(), Swallowing()

    async def loop() -> None:
        while True:
            pulse.beat("one")
            await library.answer()

    assert await library.ends(loop())


async def test_a_publisher_ends_though_its_connecting_has_swallowed_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Swallowing()
    monkeypatch.setattr(AIOKafkaProducer, "start", library.answer)
    assert await library.ends(Publisher("127.0.0.1:1").run())


async def test_a_burial_ends_though_its_writing_has_swallowed_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library, publisher = Swallowing(), Publisher("127.0.0.1:1")

    async def copy(*given: object) -> None:
        await library.answer()
        raise KafkaConnectionError

    monkeypatch.setattr(publisher, "copy", copy)
    record = SimpleNamespace(topic="t")
    assert await library.ends(Burial(publisher, "group").bury(record, "why"))


async def test_the_feed_ends_though_a_burial_has_swallowed_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Swallowing()
    feed = Feed("", {}, Ring(1), Publisher("127.0.0.1:1"), cast(Any, None), cast(Any, None))
    feed._unreadable.put_nowait((cast(Any, SimpleNamespace(topic="t", partition=0, offset=0)), ""))
    monkeypatch.setattr(feed._burial, "bury", library.answer)
    assert await library.ends(feed.bury())


def test_plain_code_beats_too() -> None:
    """Such as a thread of its own, which no event loop cancels."""
    pulse = Pulse()
    pulse.beat("one")
    assert pulse.dead(times=0) == ["one"]


async def test_a_loop_goes_on_after_a_timeout_of_its_own() -> None:
    pulse, rounds = Pulse(), 0
    async for _ in pulse.rounds("one", 0.01):
        rounds += 1
        if rounds == 3:
            break
        with suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)

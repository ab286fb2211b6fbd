"""A loop that beats by its rounds is seen when a round hangs, and not once it has ended."""

import asyncio
from contextlib import suppress

from backbone.process.pulse import Pulse

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


async def test_a_loop_goes_on_after_a_timeout_of_its_own() -> None:
    pulse, rounds = Pulse(), 0
    async for _ in pulse.rounds("one", 0.01):
        rounds += 1
        if rounds == 3:
            break
        with suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)

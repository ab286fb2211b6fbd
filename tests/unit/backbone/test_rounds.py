"""A loop that beats by its rounds is seen when a round hangs, and not once it has ended."""

import asyncio

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

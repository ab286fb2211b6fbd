"""Repeats: the same number with a higher attempt, until the team answers; then never again."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from liandong.emergency.v1.emergency_pb2 import Mission
from tests.emergency import Desk, serving, some_settings


@pytest.fixture
async def desk(hasty_url: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(hasty_url)) as desk:
        yield desk


async def test_it_is_pushed_again_until_somebody_signs(desk: Desk) -> None:
    async with desk.terminal() as terminal:
        mission = (await desk.dispatch()).mission.id
        pushes = await terminal.pushes(2)
        await desk.act("ReceiveMission", mission, seq=1)
        pushes += await terminal.pushes(1)
        assert [(push.seq, push.attempt, push.cursor) for push in pushes] == [
            (1, 1, "1"),
            (1, 2, "1"),
            (1, 3, "1"),
        ]
        assert pushes[-1].state == Mission.STATE_DELIVERED
        signed = await desk.act("AcknowledgeMission", mission)
        assert (signed.attempt, signed.seq, signed.HasField("due_time")) == (3, 1, False)
        assert await terminal.silence(2.5)


async def test_a_terminal_that_comes_late_gets_the_attempt_of_the_day_once(desk: Desk) -> None:
    await desk.dispatch()
    async with desk.terminal() as early:
        while (await early.push()).attempt == 1:
            pass
    async with desk.terminal() as terminal:
        first = await terminal.push()
        assert first.attempt >= 2
        assert (await terminal.push()).attempt == first.attempt + 1


async def test_a_refusal_ends_the_repeats(desk: Desk) -> None:
    async with desk.terminal() as terminal:
        mission = (await desk.dispatch()).mission.id
        await terminal.push()
        await desk.act("RefuseMission", mission, reason="车辆故障")
        assert await terminal.silence(1.8)


async def test_two_instances_repeat_once(desk: Desk, hasty_url: str) -> None:
    async with serving(some_settings(hasty_url)) as other, other.terminal() as terminal:
        await asyncio.gather(*(desk.dispatch() for _ in range(10)))
        pushes = await terminal.pushes(20)
    assert sorted((push.attempt, push.seq) for push in pushes) == [
        (attempt, seq) for attempt in (1, 2) for seq in range(1, 11)
    ]

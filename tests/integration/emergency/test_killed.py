"""kill -9 of the service: the numbers go on, terminals resume, repeats go on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backbone.directory.entries import key_of, to_city
from backbone.rpc.channels import open_channel
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from tests.emergency import Desk, some_records
from tests.processes import Installation, an_installation
from tests.servers import Broker


@pytest.fixture
async def installation(
    template: str, broker: Broker, tmp_path: Path
) -> AsyncIterator[Installation]:
    city = to_city({key_of(record): record for record in some_records(pauses=(2,))})
    assert city is not None
    async with an_installation(template, broker, tmp_path) as installation:
        await installation.know(city, "emergency")
        yield installation


async def test_a_killed_service_loses_and_doubles_nothing(installation: Installation) -> None:
    settings = installation.settings("emergency")
    channel = open_channel(settings, "emergency")
    desk = Desk(rpc.EmergencyServiceStub(channel), lambda: None, settings.token)
    seen: list[tuple[int, int]] = []
    cursor = ""
    for life in range(4):
        with installation.started("emergency") as process:
            await installation.ready("emergency")
            await channel.channel_ready()
            async with desk.terminal(after=cursor) as terminal:
                answers = await asyncio.gather(*(desk.dispatch() for _ in range(5)))
                assert all(answer.reachable for answer in answers)
                # First what the last life has dispatched and did not show.
                until = 8 * life + 5
                while until not in {seq for seq, _ in seen}:
                    push = await terminal.push()
                    seen.append((push.seq, push.attempt))
                    cursor = push.cursor
            await asyncio.gather(*(desk.dispatch() for _ in range(3)))
            process.kill()
    assert {seq for seq, _ in seen} == set(range(1, 30)), "nothing is lost"
    assert len(set(seen)) == len(seen), "what comes again has a higher attempt"
    await channel.close()


async def test_what_is_due_while_nobody_lives_is_repeated_by_the_next(
    installation: Installation,
) -> None:
    settings = installation.settings("emergency")
    channel = open_channel(settings, "emergency")
    desk = Desk(rpc.EmergencyServiceStub(channel), lambda: None, settings.token)
    with installation.started("emergency") as process:
        await installation.ready("emergency")
        mission = (await desk.dispatch()).mission.id
        process.kill()
    with installation.started("emergency"):
        await installation.ready("emergency")
        # A terminal asks again; the channel waits up to a second before it connects again.
        await channel.channel_ready()
        async with desk.terminal() as terminal:
            while (push := await terminal.push()).attempt == 1:
                pass
        assert (push.mission, push.seq, push.attempt) == (mission, 1, 2)
    await channel.close()

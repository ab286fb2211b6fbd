"""Terminals over gRPC: pushes as they happen, cursors, urgent ones first, two of them, cuts."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import grpc
import pytest

from backbone.words.errors import Denied, InvalidArgument
from liandong.emergency.v1.emergency_pb2 import Mission, Welcome
from services.emergency import terminals
from services.emergency.mailbox import CHANNEL
from tests.emergency import Desk, serving, some_settings
from tests.installation import Installation


@pytest.fixture
def unpolled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that missed a notice are not looked after: what arrives was told."""
    monkeypatch.setattr(terminals, "POLL", 600.0)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(database_url)) as desk:
        yield desk


async def test_a_push_arrives_at_once(unpolled: None, desk: Desk) -> None:
    async with desk.terminal() as terminal:
        assert terminal.welcome.mode == Welcome.MODE_SNAPSHOT
        response = await desk.dispatch()
        push = await terminal.push()
    assert response.reachable
    assert (push.seq, push.cursor, push.attempt, push.revision) == (1, "1", 1, 1)
    assert (push.mission, push.priority) == (response.mission.id, "P1")
    assert (push.place.text, push.narrative) == ("青山镇长风路12号", "两车相撞,有人受伤")
    assert push.acknowledge_by == response.mission.acknowledge_by
    assert (push.code, push.exercise) == (response.mission.code, False)


async def test_a_process_of_a_release_before_hears_of_a_push_too(
    desk: Desk, database: Installation
) -> None:
    """It knows the team alone, and serves its terminals on during an upgrade."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    conn = await asyncpg.connect(database.admin)
    await conn.add_listener(CHANNEL, lambda *said: heard.put_nowait(str(said[-1])))
    sent = (await desk.dispatch()).mission
    said = [await asyncio.wait_for(heard.get(), 5) for _ in range(2)]
    assert said == [f"1 0 {sent.team}", sent.team]
    await conn.close()


async def test_without_a_cursor_comes_what_is_still_open(desk: Desk) -> None:
    missions = [(await desk.dispatch()).mission.id for _ in range(4)]
    await desk.act("ClearMission", missions[1])
    await desk.act("AcknowledgeMission", missions[2])
    async with desk.terminal() as terminal:
        pushes = await terminal.pushes(3)
    assert [push.seq for push in pushes] == [1, 3, 4]
    assert [push.cursor for push in pushes] == ["2", "3", "4"]
    assert pushes[1].state == Mission.STATE_ACKNOWLEDGED


async def test_after_a_cut_nothing_is_lost_and_nothing_comes_twice(desk: Desk) -> None:
    seen = []
    cursor = ""
    for number in range(1, 13):
        await desk.dispatch(exercise=True)
        if number % 3:
            continue  # the terminal is away
        async with desk.terminal(after=cursor) as terminal:
            seen += [push.seq for push in await terminal.pushes(3)]
            cursor = terminal.frames[-1].push.cursor
    assert seen == list(range(1, 13))
    async with desk.terminal(after=cursor) as terminal:
        assert terminal.welcome.mode == Welcome.MODE_RESUME
        assert await terminal.silence(1.5)


async def test_a_cursor_that_this_mailbox_cannot_have_issued_gets_everything_open(
    desk: Desk, database: Installation
) -> None:
    await desk.dispatch()
    for cursor in ("2", "2:1"):
        async with desk.terminal(after=cursor) as terminal:
            assert terminal.welcome.mode == Welcome.MODE_SNAPSHOT
            assert (await terminal.push()).seq == 1
    conn = await asyncpg.connect(database.admin)
    await conn.execute("UPDATE emergency.mailboxes SET epoch = 2")
    await conn.close()
    async with desk.terminal(after="1") as terminal:
        assert terminal.welcome.mode == Welcome.MODE_SNAPSHOT
        assert (await terminal.push()).cursor == "2:1"
    async with desk.terminal(after="2:0") as terminal:
        assert terminal.welcome.mode == Welcome.MODE_RESUME


async def test_what_is_no_cursor_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidArgument, match="BAD_CURSOR"):
        async with desk.terminal(after="x"):
            pass


async def test_only_the_team_listens(desk: Desk) -> None:
    with pytest.raises(Denied, match="NOT_YOUR_TEAM"):
        async with desk.terminal("fire-2", acting="fire-1"):
            pass


async def test_the_urgent_one_goes_first_and_the_cursor_waits_for_the_others(desk: Desk) -> None:
    for priority in ("P3", "P2", "P1", "P3"):
        await desk.dispatch(priority=priority)
    async with desk.terminal() as terminal:
        pushes = await terminal.pushes(4)
    assert [(push.priority, push.seq) for push in pushes] == [
        ("P1", 3),
        ("P2", 2),
        ("P3", 1),
        ("P3", 4),
    ]
    assert [push.cursor for push in pushes] == ["0", "0", "3", "4"]
    async with desk.terminal(after=pushes[1].cursor) as terminal:
        assert sorted(push.seq for push in await terminal.pushes(4)) == [1, 2, 3, 4]


async def test_two_terminals_of_a_team_hear_the_same(desk: Desk) -> None:
    async with desk.terminal(device="cab") as one, desk.terminal(device="phone") as other:
        for _ in range(3):
            await desk.dispatch()
        both = await asyncio.gather(one.pushes(3), other.pushes(3))
    assert [push.seq for push in both[0]] == [push.seq for push in both[1]] == [1, 2, 3]


async def test_other_teams_hear_nothing(desk: Desk) -> None:
    async with desk.terminal("fire-2") as other:
        await desk.dispatch("fire-1")
        assert await other.silence(1.5)


async def test_the_newest_session_of_a_device_wins(desk: Desk) -> None:
    async with desk.terminal(device="cab") as older, desk.terminal(device="cab") as newer:
        assert (await older.frame()).bye.reason == "REPLACED"
        assert (await desk.dispatch()).reachable
        assert (await newer.push()).seq == 1


async def test_another_instance_is_woken(unpolled: None, desk: Desk, database_url: str) -> None:
    """By the notice, not by its next look."""
    async with serving(some_settings(database_url)) as other, other.terminal() as terminal:
        await desk.dispatch()
        await terminal.push()
        await desk.dispatch()
        assert (await terminal.push()).seq == 2


async def test_a_long_replay_comes_whole(desk: Desk) -> None:
    matters = [uuid4() for _ in range(150)]
    await asyncio.gather(*(desk.dispatch(matter=matter, priority="P4") for matter in matters))
    async with desk.terminal() as terminal:
        pushes = await terminal.pushes(150)
    assert [push.seq for push in pushes] == list(range(1, 151))
    assert pushes[-1].cursor == "150"


async def test_a_service_that_stops_says_so(database_url: str) -> None:
    async with serving(some_settings(database_url)) as desk, desk.terminal() as terminal:
        farewell = asyncio.create_task(terminal.frame())
        await asyncio.sleep(0.1)
        desk.stop()
        assert (await farewell).bye.reason == "STOPPING"


async def test_who_reads_too_slowly_loses_the_connection_and_no_message(database_url: str) -> None:
    settings = some_settings(database_url)
    async with serving(settings, patience=1.0) as desk, desk.terminal() as slow:
        for _ in range(120):
            await desk.dispatch(narrative="长" * 20_000)
        await asyncio.sleep(3)
        with pytest.raises(grpc.aio.AioRpcError, match="READ_TOO_SLOWLY"):
            await slow.pushes(120)
        got = [frame.push.seq for frame in slow.frames]
        async with desk.terminal(after=str(got[-1])) as again:
            got += [push.seq for push in await again.pushes(120 - len(got))]
    assert got == list(range(1, 121))


async def test_a_team_hears_whichever_instance_serves_its_terminal(
    desk: Desk, database_url: str
) -> None:
    """An order that finds no terminal begins its ladder on the second rung."""
    async with serving(some_settings(database_url)) as other:
        async with other.terminal(device="cab") as terminal:
            await until_told(desk, heard=True)
            async with desk.terminal(device="cab"):
                assert await terminal.farewell() == "REPLACED", "the newer one is elsewhere"
                await until_told(other, heard=True)
        await until_told(other, heard=False)


async def until_told(desk: Desk, *, heard: bool) -> None:
    """Until an order at this desk's instance finds a terminal, or none."""
    async with asyncio.timeout(8):
        while (await desk.dispatch(exercise=True)).reachable is not heard:
            await asyncio.sleep(0.1)

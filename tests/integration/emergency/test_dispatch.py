"""Dispatch over gRPC without Kafka: numbers without gap, repeats, refusals, steps."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from backbone.words.errors import Conflict, InvalidArgument, InvalidTransition, NotFound
from liandong.emergency.v1.emergency_pb2 import Mission
from tests.emergency import TEAMS, Desk, serving, some_settings
from tests.installation import Installation


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(database_url)) as desk:
        yield desk


async def test_a_mission_waits_for_a_team_that_nobody_reaches(desk: Desk) -> None:
    response = await desk.dispatch()
    mission = response.mission
    assert (mission.state, mission.seq, mission.attempt) == (Mission.STATE_PENDING, 1, 1)
    assert not response.reachable
    assert mission.unit == "990101-fire"
    assert mission.acknowledge_by.seconds - mission.dispatch_time.seconds == 60
    assert mission.due_time.seconds - mission.dispatch_time.seconds == 10


async def test_a_repeat_is_answered_alike(desk: Desk) -> None:
    receipt = uuid4()
    first = await desk.dispatch(receipt=receipt)
    await desk.dispatch()
    async with desk.terminal():
        assert await desk.dispatch(receipt=receipt) == first, "also with a reachable terminal"


async def test_a_team_is_sent_once_to_a_matter(desk: Desk) -> None:
    matter = uuid4()
    await desk.dispatch(matter=matter)
    with pytest.raises(InvalidTransition) as refused:
        await desk.dispatch(matter=matter)
    assert refused.value.reason == "ALREADY_DISPATCHED"
    assert (refused.value.facts["by"], refused.value.facts["unit"]) == ("zhao", "desk")
    assert (await desk.dispatch("fire-2", matter=matter)).mission.seq == 1
    assert (await desk.dispatch()).mission.seq == 2, "a refusal takes no number"


async def test_the_same_key_with_another_body_is_refused(desk: Desk) -> None:
    receipt = uuid4()
    await desk.dispatch(receipt=receipt)
    with pytest.raises(Conflict, match="IDEMPOTENCY_KEY_REUSED"):
        await desk.dispatch(receipt=receipt, priority="P2")


async def test_an_unknown_team_and_a_matter_without_id_are_refused(desk: Desk) -> None:
    with pytest.raises(InvalidArgument, match="UNKNOWN_TEAM"):
        await desk.dispatch("fire-9")
    order = (await desk.dispatch()).mission
    assert order.seq == 1


async def test_numbers_have_no_gap_under_concurrency(desk: Desk, database_url: str) -> None:
    async with serving(some_settings(database_url)) as other:
        answers = await asyncio.gather(
            *(
                (desk, other)[number % 2].dispatch(TEAMS[number % 3], priority="P2")
                for number in range(120)
            )
        )
    for team in TEAMS:
        seqs = sorted(a.mission.seq for a in answers if a.mission.team == team)
        assert seqs == list(range(1, 41))


async def test_a_roll_back_gives_the_number_back(desk: Desk, database: Installation) -> None:
    await desk.dispatch()
    conn = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
    await conn.execute("""
        CREATE FUNCTION fail() RETURNS trigger AS $$ BEGIN RAISE 'a bug'; END $$ LANGUAGE plpgsql;
        CREATE TRIGGER fail BEFORE INSERT ON mailbox_entries
            FOR EACH ROW WHEN (NEW.seq = 2) EXECUTE FUNCTION fail();
    """)
    with pytest.raises(Exception, match="INTERNAL"):
        await desk.dispatch()
    await conn.execute("DROP TRIGGER fail ON mailbox_entries")
    assert (await desk.dispatch()).mission.seq == 2
    assert await conn.fetchval("SELECT count(*) FROM missions") == 2
    await conn.close()


async def test_the_steps_of_a_team(desk: Desk) -> None:
    mission = (await desk.dispatch()).mission.id
    for verb, state in [
        ("ReceiveMission", Mission.STATE_DELIVERED),
        ("AcknowledgeMission", Mission.STATE_ACKNOWLEDGED),
        ("ReportEnRoute", Mission.STATE_EN_ROUTE),
        ("ReportOnScene", Mission.STATE_ON_SCENE),
        ("ClearMission", Mission.STATE_CLEARED),
    ]:
        found = await desk.act(verb, mission)
        assert (found.state, found.seq) == (state, 1)
    assert found.acknowledged_by == "lee"
    assert not found.implied
    assert not found.HasField("due_time")


async def test_a_step_is_answered_once(desk: Desk) -> None:
    mission = (await desk.dispatch()).mission.id
    first = await desk.act("AcknowledgeMission", mission, key="a")
    await desk.act("ReportEnRoute", mission)
    assert await desk.act("AcknowledgeMission", mission, key="a") == first


async def test_what_was_done_offline_is_taken_in_any_order(desk: Desk) -> None:
    mission = (await desk.dispatch()).mission.id
    await desk.act("ReportOnScene", mission)
    await desk.act("ReportEnRoute", mission)
    found = await desk.act("AcknowledgeMission", mission)
    assert found.state == Mission.STATE_ON_SCENE
    assert list(found.implied) == [Mission.STATE_DELIVERED]


async def test_another_team_may_not_act(desk: Desk) -> None:
    mission = (await desk.dispatch()).mission.id
    with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
        await desk.act("AcknowledgeMission", mission, team="fire-2")
    with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
        await desk.act("ReceiveMission", mission, team="fire-2", seq=1)
    with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
        await desk.act("AcknowledgeMission", "nothing")


async def test_a_terminal_tells_which_entry_it_has_stored(desk: Desk) -> None:
    await desk.dispatch()
    mission = (await desk.dispatch()).mission
    for seq in (1, 3, -2):
        with pytest.raises(InvalidArgument, match="WRONG_SEQ"):
            await desk.act("ReceiveMission", mission.id, seq=seq)
    found = await desk.act("ReceiveMission", mission.id, seq=2)
    assert (found.state, found.seq) == (Mission.STATE_DELIVERED, 2)


async def test_a_result_may_come_after_the_clearing(desk: Desk) -> None:
    mission = (await desk.dispatch()).mission.id
    await desk.act("ClearMission", mission)
    assert (await desk.act("ClearMission", mission, result="done")).result == "done"
    with pytest.raises(InvalidTransition, match="ALREADY_CLEARED"):
        await desk.act("ClearMission", mission, result="something else")


async def test_a_refusal_ends_the_mission(desk: Desk) -> None:
    mission = (await desk.dispatch()).mission.id
    with pytest.raises(InvalidArgument, match="REASON_MISSING"):
        await desk.act("RefuseMission", mission)
    refused = await desk.act("RefuseMission", mission, reason="车辆故障")
    assert (refused.state, refused.refuse_reason) == (Mission.STATE_REFUSED, "车辆故障")
    with pytest.raises(InvalidTransition, match="INVALID_TRANSITION"):
        await desk.act("AcknowledgeMission", mission)

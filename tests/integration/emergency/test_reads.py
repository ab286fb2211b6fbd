"""Lists and statuses: who sees what, filters, pages, what a team says of itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from backbone.rpc.caller import metadata_for
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument, NotFound
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1.emergency_pb2 import Mission, TeamStatus
from tests.emergency import TEAMS, TOKEN, Desk, refusing, serving, some_settings

CITY_DISPATCHER = Actor("zhao", "990100-command", "dispatcher", "990100")
OTHER_COUNTY = Actor("qian", "990102-command", "dispatcher", "990102")
FIRE_CLERK = Actor("sun", "990101-fire", "clerk", "990101")
POLICE_CLERK = Actor("zhou", "990101-police", "clerk", "990101")


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(database_url)) as desk:
        yield desk


async def ask(
    desk: Desk, call: str, by: Actor = CITY_DISPATCHER, own_team: str = "", **body: Any
) -> Any:
    request = getattr(pb, f"{call}Request")(**body)
    metadata = metadata_for(TOKEN, by, team=own_team)
    return await refusing(getattr(desk.stub, call)(request, metadata=metadata, timeout=30))


async def seen(desk: Desk, by: Actor, team: str = "") -> int:
    return len((await ask(desk, "ListMissions", by, team)).items)


async def test_each_sees_their_own(desk: Desk) -> None:
    await asyncio.gather(*(desk.dispatch(team) for team in TEAMS))
    assert await seen(desk, CITY_DISPATCHER) == 3
    assert await seen(desk, OTHER_COUNTY) == 0
    assert await seen(desk, FIRE_CLERK) == 3, "their unit's teams"
    assert await seen(desk, POLICE_CLERK) == 0
    assert await seen(desk, Actor("wu", "desk", "clerk")) == 3, "their unit has ordered them"
    assert await seen(desk, Actor("lee", "990101-fire"), "fire-2") == 1, "a team's people: the team"


async def test_what_is_out_of_sight_does_not_exist(desk: Desk) -> None:
    mission = (await desk.dispatch()).mission
    found = await ask(desk, "GetMission", mission_id=mission.id)
    assert list(found.mission.actions) == ["RecallMission", "StopLadder"]
    del found.mission.actions[:]  # the service that ordered it can do nothing with it
    assert found.mission == mission
    for by, named in [(OTHER_COUNTY, mission.id), (CITY_DISPATCHER, str(uuid4()))]:
        with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
            await ask(desk, "GetMission", by, mission_id=named)


async def test_filters(desk: Desk) -> None:
    matter = uuid4()
    first = (await desk.dispatch(matter=matter, priority="P2")).mission
    await desk.dispatch("fire-2", matter=matter)
    await desk.act("ClearMission", first.id)
    for filters, expected in [
        ({}, 1),
        ({"closed": True}, 1),
        ({"team": "fire-1"}, 0),
        ({"team": "fire-1", "closed": True}, 1),
        ({"state": Mission.STATE_CLEARED}, 1),
        ({"open": True}, 1),
        ({"matter_id": str(matter)}, 2),
        ({"matter_id": str(matter), "open": True}, 1),
        ({"code": first.code}, 2),
        ({"priority": "P2", "closed": True}, 1),
        ({"priority": "P3"}, 0),
    ]:
        answer = await ask(desk, "ListMissions", count=True, **filters)
        assert (len(answer.items), answer.total_size) == (expected, expected), filters


async def test_pages_are_newest_first_and_lose_nothing(desk: Desk) -> None:
    sent = [(await desk.dispatch()).mission.id for _ in range(7)]
    found, token = [], ""
    while True:
        page = await ask(desk, "ListMissions", page_size=3, page_token=token)
        found += [mission.id for mission in page.items]
        token = page.next_page_token
        if not token:
            break
    assert found == sent[::-1]
    with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
        await ask(desk, "ListMissions", page_token="x")


async def test_a_team_says_what_it_can_do(desk: Desk) -> None:
    resting = {"team": "fire-1", "duty": TeamStatus.DUTY_RESTING, "note": "换班"}
    answer = await ask(desk, "SetTeamStatus", Actor("lee", role="team_leader"), "fire-1", **resting)
    assert (answer.status.duty, answer.status.name) == (TeamStatus.DUTY_RESTING, "fire-1队")
    await desk.dispatch("fire-1", force_reason="唯一可用")
    async with desk.terminal("fire-1"):
        statuses = (await ask(desk, "ListTeamStatuses")).items
    assert [each.team for each in statuses] == sorted(TEAMS)
    fire = statuses[0]
    assert (fire.duty, fire.terminals, fire.open_missions) == (TeamStatus.DUTY_RESTING, 1, 1)
    assert statuses[1].duty == TeamStatus.DUTY_AVAILABLE, "who has said nothing is available"
    with pytest.raises(Denied, match="ROLE_MAY_NOT"):
        await ask(desk, "SetTeamStatus", FIRE_CLERK, "fire-2", **resting)
    with pytest.raises(InvalidArgument, match="UNKNOWN_TEAM"):
        await ask(desk, "SetTeamStatus", **{**resting, "team": "fire-9"})
    with pytest.raises(NotFound, match="NO_SUCH_TEAM"):
        await ask(desk, "SetTeamStatus", OTHER_COUNTY, **resting)
    assert not (await ask(desk, "ListTeamStatuses", POLICE_CLERK)).items


async def test_statuses_have_pages_like_every_list(desk: Desk) -> None:
    first = await ask(desk, "ListTeamStatuses", page_size=2, count=True)
    rest = await ask(desk, "ListTeamStatuses", page_size=2, page_token=first.next_page_token)
    assert [each.team for each in (*first.items, *rest.items)] == sorted(TEAMS)
    assert (len(first.items), first.total_size, rest.next_page_token) == (2, len(TEAMS), "")
    assert not rest.HasField("total_size")
    for bad in ("x", "fire-1", "Z2FyYmFnZQ=="):
        with pytest.raises(InvalidArgument, match="BAD_PAGE_TOKEN"):
            await ask(desk, "ListTeamStatuses", page_token=bad)

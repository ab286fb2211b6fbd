"""The ladder with real timers, a real database and a telephone world: who is told, and when."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec import structs

from backbone.door.retention import sweep
from backbone.postgres.pool import Pool
from backbone.process.keeping import kept_in
from backbone.process.pulse import Pulse
from backbone.rpc.caller import metadata_for
from backbone.words.actor import Actor
from backbone.words.areas import Level
from backbone.words.city import Person, Record, Unit
from backbone.words.errors import Broken, Denied, InvalidTransition, NotFound
from backbone.words.ladder import Step
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1.emergency_events_pb2 import EmergencyEvent
from liandong.emergency.v1.emergency_pb2 import TeamStatus
from tests.emergency import COUNTY, Desk, a_ladder, plant_city, refusing, serving, some_settings
from tests.installation import Installation
from tests.telephones import SECRET, Telephones, telephones

LADDER = a_ladder(
    [
        Step(1, "NOT_DELIVERED", ("TEAM",)),
        Step(2, "NOT_DELIVERED", ("TEAM_LEADER",), ("SMS", "VOICE")),
        Step(3, "NOT_ACKNOWLEDGED", ("TEAM", "DESK")),
        Step(4, "NOT_ACKNOWLEDGED", ("DESK", "DEPUTY", "DUTY_OFFICER", "NEXT_TEAM"), ("VOICE",)),
        Step(5, "NOT_ACKNOWLEDGED", ("SUPERVISION",)),
    ],
    every_seconds=1,
)
ZHAO = Actor("zhao", "desk", "dispatcher", "990100")
UNIT = f"{COUNTY}-fire"
GOVERNMENT = f"{COUNTY}-government"


def a_person(user: str, unit: str, role: str, team: str = "", absence: str = "") -> Person:
    return Person(user, user, unit, (role,), team, demo=False, absence=absence)


STAFF: list[Record] = [
    Unit(UNIT, "消防救援大队", "fire", COUNTY, GOVERNMENT, Level.COUNTY),
    Unit(GOVERNMENT, "人民政府", "government", COUNTY, "", Level.COUNTY),
    a_person("lee", UNIT, "team_leader", "fire-1"),
    a_person("deputy", UNIT, "head"),
    a_person("deputy-away", UNIT, "head", absence="休假"),
    a_person("officer", GOVERNMENT, "duty_officer"),
    a_person("inspector", GOVERNMENT, "supervisor"),
]


@asynccontextmanager
async def staffed(
    database: Installation, staff: Sequence[Record] = STAFF, world: Telephones | None = None
) -> AsyncIterator[Desk]:
    """One instance with the ladder above, and with a telephone if there is a world."""
    await plant_city(database.admin, more=[*staff, LADDER])
    async with serving(with_telephone(database, world)) as desk:
        yield desk


def with_telephone(database: Installation, world: Telephones | None) -> Any:
    settings = some_settings(database.url("emergency"))
    if world is None:
        return settings
    telephone = {"LIANDONG_TELEPHONE_URL": world.url, "LIANDONG_TELEPHONE_SECRET": SECRET}
    return replace(settings, environ={**settings.environ, **telephone})


async def rungs_of(database: Installation, mission: str) -> list[Any]:
    """The rungs of a mission by its journal: the event and its time."""
    conn = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
    rows = await conn.fetch(
        "SELECT payload FROM journal WHERE aggregate_id = $1 "
        "AND kind = 'liandong.emergency.unanswered.v1' ORDER BY version",
        UUID(mission),
    )
    await conn.close()
    return [EmergencyEvent.FromString(row["payload"]) for row in rows]


async def until_rung(desk: Desk, mission: str, rung: int, patience: float = 10) -> Any:
    """The alert of the mission once this rung was fired."""
    async with asyncio.timeout(patience):
        while True:
            for alert in (await desk.alerts(ZHAO)).items:
                if alert.mission_id == mission and alert.rung >= rung:
                    return alert
            await asyncio.sleep(0.05)


def lateness(event: Any) -> float:
    late = event.meta.time.ToDatetime() - event.unanswered.due_time.ToDatetime()
    return float(late.total_seconds())


async def one(desk: Desk, mission: str) -> Any:
    request = pb.GetMissionRequest(mission_id=mission)
    metadata = metadata_for(desk.token, ZHAO)
    return (await desk.stub.GetMission(request, metadata=metadata, timeout=30)).mission


async def forged_rung(database: Installation, desk: Desk, mission: str) -> str:
    """The refusal of a read while the journal says another person fired the rungs."""
    admin = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
    kind = "liandong.emergency.unanswered.v1"
    change = "UPDATE journal SET actor = $3 WHERE aggregate_id = $1 AND kind = $2"
    await admin.execute(change, UUID(mission), kind, "mallory")
    try:
        await refusing(one(desk, mission))
    except Broken as refusal:
        return refusal.reason
    finally:
        await admin.execute(change, UUID(mission), kind, "")
        await admin.close()
    return ""


async def test_more_and_more_people_are_told(database: Installation) -> None:
    async with telephones() as world, staffed(database, world=world) as desk:
        mission = (await desk.dispatch()).mission.id
        alert = await until_rung(desk, mission, 4)
        assert (alert.reason, alert.rung, alert.ordered_unit) == ("UNANSWERED", 4, "desk")
        told = {each.who: [*each.users] for each in alert.told}
        assert told == {
            "DESK": [],
            "DEPUTY": ["deputy"],
            "DUTY_OFFICER": ["officer"],
            "NEXT_TEAM": [],
        }
        assert [each.team for each in alert.next_teams] == ["fire-2", "medical-1"]
        await world.until(4)
        assert sorted(world.reached("SMS")) == ["lee"]
        assert sorted(world.reached("VOICE")) == ["deputy", "lee", "officer"]
        assert all("长风路" not in str(m) and "两车" not in str(m) for m in world.heard)
        await desk.act("AcknowledgeMission", mission)
        assert [*(await desk.alerts(ZHAO)).items] == []
        shown = await one(desk, mission)
        assert [each.rung for each in shown.fired][:4] == [1, 2, 3, 4]
        assert [each.who for each in shown.fired[1].told] == ["TEAM_LEADER"]
        assert {each.who for each in shown.fired[3].told} == set(told)
        count = len(await rungs_of(database, mission))
        await asyncio.sleep(1.5)
        assert await forged_rung(database, desk, mission) == "EVIDENCE_BROKEN"
    events = await rungs_of(database, mission)
    assert len(events) == count
    assert [event.unanswered.rung for event in events] == [*range(1, count + 1)]
    assert 0 <= min(map(lateness, events)) < 0.5, "a busy machine makes some late, and not all"


async def test_a_message_does_not_wait_for_a_clock_that_was_set_back(
    database: Installation,
) -> None:
    """Its next try is due by a clock that was an hour ahead."""
    once = a_ladder([Step(1, "NOT_ACKNOWLEDGED", ("TEAM_LEADER",), ("SMS",))], every_seconds=3_600)
    await plant_city(database.admin, more=[*STAFF, once])
    async with telephones() as world:
        world.outage = {"SMS", "VOICE"}
        async with serving(with_telephone(database, world)) as desk:
            await desk.dispatch()
            async with asyncio.timeout(10):
                while not world.heard:
                    await asyncio.sleep(0.01)
        admin = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
        ahead = "UPDATE delivery_attempts SET retry_time = clock_timestamp() + interval '1 hour'"
        assert await admin.execute(f"{ahead} WHERE state = 'WAITING'") == "UPDATE 1"
        await admin.close()
        world.outage = set()
        async with serving(with_telephone(database, world)):
            await world.until(1)
    assert world.reached("SMS") == ["lee"]


async def test_a_ladder_without_a_human_goes_on_and_says_whom_it_misses(
    database: Installation,
) -> None:
    """No person of the city is there: the board of the desk hears, again and again."""
    units = [each for each in STAFF if isinstance(each, Unit)]
    async with staffed(database, units) as desk:
        mission = (await desk.dispatch()).mission.id
        alert = await until_rung(desk, mission, 6)
        assert alert.HasField("next_due_time")
    fired = [each.unanswered for each in await rungs_of(database, mission)]
    assert [each.rung for each in fired][:6] == [1, 2, 3, 4, 5, 6], "in order, each once"
    missing = [[*each.missing] for each in fired[:5]]
    assert missing == [[], ["TEAM_LEADER"], [], ["DEPUTY", "DUTY_OFFICER"], ["SUPERVISION"]]
    assert {each.who: [*each.users] for each in fired[3].told} == {"DESK": [], "NEXT_TEAM": []}


async def test_a_restart_makes_up_for_the_rungs_once_each(database: Installation) -> None:
    async with staffed(database) as desk:
        mission = (await desk.dispatch()).mission.id
    await asyncio.sleep(3.2)
    settings = some_settings(database.url("emergency"))
    async with serving(settings) as one, serving(some_settings(settings.database_url)):
        await until_rung(one, mission, 5)
        await one.stop_ladder(mission, "已电话通知")
    numbers = [event.unanswered.rung for event in await rungs_of(database, mission)]
    assert numbers == [*range(1, len(numbers) + 1)]
    assert len(numbers) >= 5


async def test_a_refusal_is_told_at_once_and_seen_to_by_another_team(
    database: Installation,
) -> None:
    async with staffed(database) as desk:
        matter = uuid4()
        mission = (await desk.dispatch(matter=matter)).mission.id
        await desk.act("RefuseMission", mission, reason="车辆故障")
        alert = await until_rung(desk, mission, 3, patience=1)
        assert (alert.reason, alert.refuse_reason) == ("REFUSED", "车辆故障")
        assert alert.next_teams[0].team == "fire-2"
        assert not alert.HasField("next_due_time")
        await desk.dispatch("fire-2", matter)
        shown = [each.mission_id for each in (await desk.alerts(ZHAO)).items]
        assert mission not in shown
    assert len(await rungs_of(database, mission)) == 1


async def test_a_team_that_breaks_down_is_told_of_at_once(database: Installation) -> None:
    async with staffed(database) as desk:
        mission = (await desk.dispatch()).mission.id
        await desk.act("AcknowledgeMission", mission)
        with pytest.raises(InvalidTransition, match="ALREADY_ACKNOWLEDGED"):
            await desk.act("RefuseMission", mission, reason="不去")
        await desk.act("RefuseMission", mission, reason="车辆抛锚", unable=True)
        alert = await until_rung(desk, mission, 1, patience=2)
        assert (alert.reason, alert.refuse_reason) == ("UNABLE", "车辆抛锚")
        assert alert.next_teams[0].team == "fire-2"


async def test_a_silent_team_that_goes_out_of_service_is_not_waited_for(
    database: Installation,
) -> None:
    slow = a_ladder([Step(60, "NOT_ACKNOWLEDGED", ("DESK", "NEXT_TEAM"))], every_seconds=60)
    await plant_city(database.admin, more=[*STAFF, slow])
    async with serving(some_settings(database.url("emergency"))) as desk:
        mission = (await desk.dispatch()).mission.id
        await set_duty(desk, "fire-1", TeamStatus.DUTY_OUT_OF_SERVICE)
        alert = await until_rung(desk, mission, 1, patience=3)
        assert [each.team for each in alert.next_teams] == ["fire-2", "medical-1"]
        await asyncio.sleep(1)
    assert len(await rungs_of(database, mission)) == 1


async def test_a_recall_is_told_until_it_is_confirmed(database: Installation) -> None:
    async with staffed(database) as desk:
        mission = (await desk.dispatch()).mission.id
        await desk.act("ReceiveMission", mission)
        await desk.recall(mission)
        assert [*(await desk.alerts(ZHAO)).items] == [], "the team has a moment to confirm it"
        alert = await until_rung(desk, mission, 0)
        assert (alert.reason, [*alert.next_teams]) == ("RECALL_UNCONFIRMED", [])
        await desk.act("ConfirmRecall", mission)
        assert [*(await desk.alerts(ZHAO)).items] == []


async def test_who_may_see_and_who_may_stop(database: Installation) -> None:
    async with staffed(database) as desk:
        mission = (await desk.dispatch()).mission.id
        await until_rung(desk, mission, 4)
        officer = Actor("officer", GOVERNMENT, "duty_officer", COUNTY)
        [mine] = (await desk.alerts(officer, mine=True)).items
        assert mine.told_me
        assert [*(await desk.alerts(ZHAO, mine=True)).items] == []
        assert [*(await desk.alerts(ZHAO, priority="P2")).items] == []
        stranger = Actor("chen", "990102-fire", "duty_officer", "990102")
        assert [*(await desk.alerts(stranger)).items] == []
        with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
            await desk.stop_ladder(mission, "x", unit="990102-fire")
        with pytest.raises(Denied, match="ROLE_MAY_NOT"):
            await desk.stop_ladder(mission, "x", role="call_taker")
        stopped = await desk.stop_ladder(mission, "已改派")
        assert (stopped.stopped_by, stopped.stop_reason) == ("zhao", "已改派")
        assert not stopped.HasField("due_time")
        with pytest.raises(InvalidTransition, match="LADDER_STOPPED"):
            await desk.stop_ladder(mission, "again")
        assert [*(await desk.alerts(ZHAO)).items] == []


async def test_alerts_come_in_pages(database: Installation) -> None:
    async with staffed(database) as desk:
        missions = [(await desk.dispatch()).mission.id for _ in range(3)]
        for mission in missions:
            await until_rung(desk, mission, 3)
        first = await desk.alerts(ZHAO, page_size=2)
        rest = await desk.alerts(ZHAO, page_size=2, page_token=first.next_page_token)
    shown = [each.mission_id for each in (*first.items, *rest.items)]
    assert (sorted(shown), rest.next_page_token) == (sorted(missions), "")
    since = [each.since.ToDatetime() for each in (*first.items, *rest.items)]
    assert since == sorted(since)


async def test_a_team_that_cannot_be_sent_is_told_before_the_key(database: Installation) -> None:
    staff = [each for each in STAFF if getattr(each, "user", "") != "lee"]
    away = a_person("lee", UNIT, "team_leader", "fire-1", absence="休假")
    async with staffed(database, [*staff, away]) as desk:
        with pytest.raises(InvalidTransition, match="NOT_STAFFED"):
            await desk.dispatch()
        await set_duty(desk, "fire-2", TeamStatus.DUTY_OUT_OF_SERVICE)
        with pytest.raises(InvalidTransition, match="TEAM_OUT_OF_SERVICE"):
            await desk.dispatch("fire-2")
        await set_duty(desk, "fire-2", TeamStatus.DUTY_RESTING)
        with pytest.raises(InvalidTransition, match="TEAM_OFF_DUTY"):
            await desk.dispatch("fire-2")
        forced = await desk.dispatch(force_reason="最近的队伍")
        assert forced.mission.force_reason == "最近的队伍"
        alert = await until_rung(desk, forced.mission.id, 3)
        assert alert.team == "fire-1"
    first = (await rungs_of(database, forced.mission.id))[0]
    assert (first.unanswered.rung, [*first.unanswered.missing]) == (2, ["TEAM_LEADER"])


async def set_duty(desk: Desk, team: str, duty: Any) -> TeamStatus:
    metadata = metadata_for(
        desk.token, Actor("zhao", "desk", "dispatcher", COUNTY), request_id=str(uuid4())
    )
    request = pb.SetTeamStatusRequest(team=team, duty=duty)
    response = await refusing(desk.stub.SetTeamStatus(request, metadata=metadata, timeout=30))
    found: TeamStatus = response.status
    return found


async def test_an_outage_of_one_channel_is_said_and_the_other_one_rings(
    database: Installation,
) -> None:
    async with telephones() as world, staffed(database, world=world) as desk:
        world.outage = {"VOICE"}
        mission = (await desk.dispatch()).mission.id
        await until_rung(desk, mission, 4)
        await world.until(3)
        assert sorted(world.reached("SMS")) == ["deputy", "lee", "officer"]
        answer = await desk.alerts(ZHAO)
        assert [*answer.channels_down] == ["VOICE"]
        assert answer.items[0].undelivered >= 1
        world.outage = set()
        async with asyncio.timeout(12):
            while (await desk.alerts(ZHAO)).channels_down:
                await asyncio.sleep(0.2)


async def test_a_message_that_was_sent_twice_rings_once_and_a_slow_one_is_asked_again(
    database: Installation,
) -> None:
    async with telephones() as world, staffed(database, world=world) as desk:
        world.double = True
        mission = (await desk.dispatch()).mission.id
        await until_rung(desk, mission, 3)
        await world.until(2)
        async with asyncio.timeout(8):
            while len(world.heard) < 4:
                await asyncio.sleep(0.05)
        keys = [message["key"] for message in world.heard]
        assert len(set(keys)) < len(keys)
        assert sorted(world.reached("SMS")) == ["lee"]


async def test_an_answer_drops_what_was_not_sent(database: Installation) -> None:
    async with telephones() as world, staffed(database, world=world) as desk:
        world.outage = {"SMS", "VOICE"}
        mission = (await desk.dispatch()).mission.id
        async with asyncio.timeout(8):
            while not world.heard:
                await asyncio.sleep(0.05)
        await desk.act("AcknowledgeMission", mission)
        await asyncio.sleep(3)
        world.outage = set()
        await asyncio.sleep(3)
        assert world.reached() == []


async def test_messages_and_steps_are_forgotten_some_time_after_their_mission(
    database: Installation,
) -> None:
    async with telephones() as world, staffed(database, world=world) as desk:
        over, open_one = [(await desk.dispatch()).mission.id for _ in range(2)]
        await world.until(4)
        await desk.act("ClearMission", over)
    conn = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
    ended = "UPDATE missions SET end_time = now() - interval '31 days' WHERE id = $1"
    await conn.execute(ended, UUID(over))
    kept, pool = kept_in("emergency", {}), cast(Pool, conn)
    for table in ("delivery_attempts", "mailbox_steps"):
        before = await conn.fetchval(f"SELECT count(*) FROM {table} WHERE mission = $1", UUID(over))
        assert before > 0
        for days, gone in ((40, 0), (30, before)):
            asked = structs.replace(kept[table], days=days)
            assert await sweep(pool, Pulse(), table, asked) == gone
    rows = await conn.fetch("SELECT DISTINCT mission FROM delivery_attempts")
    assert [str(row["mission"]) for row in rows] == [open_one]
    await conn.close()

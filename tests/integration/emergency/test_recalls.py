"""Corrections, recalls and steps at a real terminal; recalls by the desk need no Kafka."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.door.journal import event_id
from backbone.door.written import missing
from backbone.rpc.caller import metadata_for
from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition, NotFound
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1.emergency_pb2 import Mission, Push, Recall
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from operate.admin import topics
from services.emergency.consumers import TOPIC
from services.emergency.following import INCIDENTS
from services.emergency.storage import TEAM_STEPS, WRITTEN
from tests.emergency import COUNTY, Desk, an_order, refusing, serving, some_settings
from tests.installation import Installation
from tests.servers import Broker
from tests.signing import signed

DESK = Actor("zhao", "desk", "call_taker", COUNTY)
DISPATCHER = Actor("qian", "990101-command", "dispatcher", COUNTY)


async def recall(desk: Desk, mission: str, by: Actor = DESK, reason: str = "已自行扑灭") -> Mission:
    request = pb.RecallMissionRequest(mission_id=mission, reason=reason)
    metadata = [*metadata_for(desk.token, by), ("idempotency-key", uuid4().hex)]
    response = await refusing(desk.stub.RecallMission(request, metadata=metadata, timeout=30))
    found: Mission = response.mission
    return found


async def frames(terminal: Any, number: int, *kinds: str) -> list[Any]:
    """So many frames of these kinds, in the order in which they came."""
    found: list[Any] = []
    while len(found) < number:
        frame = await terminal.frame(10)
        kind = frame.WhichOneof("frame")
        if kind in (kinds or ("push", "step")):
            found.append(getattr(frame, kind))
    return found


class TestWithoutKafka:
    @pytest.fixture
    async def desk(self, database_url: str) -> AsyncIterator[Desk]:
        async with serving(some_settings(database_url)) as desk:
            yield desk

    async def test_the_desk_calls_a_team_back_and_it_confirms(self, desk: Desk) -> None:
        async with desk.terminal() as terminal:
            mission = (await desk.dispatch()).mission.id
            assert (await terminal.push()).kind == Push.KIND_MISSION
            called = await recall(desk, mission)
            assert (called.state, called.recall.cause) == (
                Mission.STATE_RECALLED,
                Recall.CAUSE_DESK,
            )
            push = await terminal.push()
            assert (push.kind, push.seq, push.revision) == (Push.KIND_RECALL, 2, 2)
            assert push.asks
            assert (push.recall.reason, push.recall.recalled_by) == ("已自行扑灭", "zhao")
            with pytest.raises(InvalidTransition) as caught:
                await desk.act("AcknowledgeMission", mission, revision=1)
            assert caught.value.reason == "RECALLED_MEANWHILE"
            confirmed = await desk.act("ConfirmRecall", mission)
            assert confirmed.recall.confirmed_by == "lee"
            assert confirmed.acknowledged_by == "lee", "what crossed the recall is recorded"
            assert not confirmed.HasField("due_time")
            told = [step.kind for step in await frames(terminal, 2, "step")]
            assert told == ["ACKNOWLEDGED", "RECALL_CONFIRMED"]

    async def test_a_recall_is_repeated_until_it_is_confirmed(self, hasty_url: str) -> None:
        async with serving(some_settings(hasty_url)) as desk, desk.terminal() as terminal:
            mission = (await desk.dispatch()).mission.id
            await recall(desk, mission)
            pushes = [await terminal.push() for _ in range(3)]
            recalls = [push for push in pushes if push.kind == Push.KIND_RECALL]
            assert [push.attempt for push in recalls][:2] == [1, 2]
            await desk.act("ConfirmRecall", mission)
            async with desk.terminal(device="other") as other:
                assert await other.silence(2.5), "nothing is open, and nothing is repeated"

    async def test_a_terminal_that_was_away_hears_of_the_recall(self, desk: Desk) -> None:
        mission = (await desk.dispatch()).mission.id
        await recall(desk, mission)
        for after in ("", "1"):
            async with desk.terminal(after=after) as terminal:
                pushes = [await terminal.push()] if after else await terminal.pushes(2)
                assert [push.overtaken for push in pushes] == ([False] if after else [True, False])
                assert pushes[-1].kind == Push.KIND_RECALL

    async def test_what_is_over_is_not_recalled(self, desk: Desk) -> None:
        mission = (await desk.dispatch()).mission.id
        await desk.act("ClearMission", mission, result="完毕")
        with pytest.raises(InvalidTransition) as caught:
            await recall(desk, mission)
        assert (caught.value.reason, caught.value.facts["state"]) == ("MISSION_OVER", "CLEARED")
        other = (await desk.dispatch()).mission.id
        await recall(desk, other, DISPATCHER)
        with pytest.raises(InvalidTransition) as caught:
            await recall(desk, other)
        assert (caught.value.reason, caught.value.facts["by"]) == ("ALREADY_RECALLED", "qian")
        with pytest.raises(NotFound):
            await recall(desk, other, Actor("wu", "990102-command", "dispatcher", "990102"))

    @pytest.mark.parametrize("ends", ["refused", "cleared", "recalled"])
    async def test_a_team_is_sent_again(self, desk: Desk, ends: str) -> None:
        matter = uuid4()
        first = (await desk.dispatch(matter=matter)).mission
        with pytest.raises(InvalidTransition, match="ALREADY_DISPATCHED"):
            await desk.dispatch(matter=matter)
        match ends:
            case "refused":
                await desk.act("RefuseMission", first.id, reason="车辆故障")
            case "cleared":
                await desk.act("ClearMission", first.id)
            case _:
                await recall(desk, first.id)
        receipt = uuid4()
        again = await desk.dispatch(matter=matter, receipt=receipt, again=1)
        assert (again.mission.number, again.mission.state) == (1, Mission.STATE_PENDING)
        assert again.mission.id != first.id
        repeat = await desk.dispatch(matter=matter, receipt=receipt, again=1)
        assert repeat.mission.id == again.mission.id
        with pytest.raises(InvalidTransition) as caught:
            await desk.dispatch(matter=matter)
        assert caught.value.facts["state"] == "PENDING"
        await desk.act("ClearMission", again.mission.id)
        repeat = await desk.dispatch(matter=matter, receipt=receipt, again=1)
        assert repeat.mission.id == again.mission.id, "also once it is over"

    async def test_two_desks_at_once_send_one_team(self, desk: Desk) -> None:
        matter = uuid4()
        answers = await asyncio.gather(
            *(desk.dispatch(matter=matter, receipt=uuid4()) for _ in range(8)),
            return_exceptions=True,
        )
        assert sum(not isinstance(each, BaseException) for each in answers) == 1
        assert {str(each)[:20] for each in answers if isinstance(each, BaseException)} == {
            str(InvalidTransition("ALREADY_DISPATCHED"))[:20]
        }

    async def test_every_device_sees_the_steps_also_after_a_cut(self, desk: Desk) -> None:
        async with desk.terminal(device="cab") as cab:
            async with desk.terminal(device="phone") as phone:
                mission = (await desk.dispatch()).mission.id
                push = await phone.push()
            await desk.act("ReceiveMission", mission, seq=1)
            await desk.act("AcknowledgeMission", mission, revision=1)
            seen = await frames(cab, 3)
            assert [getattr(each, "kind", None) for each in seen[1:]] == [
                "DELIVERED",
                "ACKNOWLEDGED",
            ]
            await desk.dispatch()
            await desk.act("ReportEnRoute", mission)
            async with desk.terminal(device="phone", after=push.cursor) as phone:
                missed = await frames(phone, 4)
                assert {step.kind for step in missed if step.DESCRIPTOR.name == "Step"} == {
                    "DELIVERED",
                    "ACKNOWLEDGED",
                    "EN_ROUTE",
                }
                cursor = missed[-1].cursor
                assert (missed[-1].kind, cursor) == ("EN_ROUTE", "2")
                assert [s.step for s in missed if s.DESCRIPTOR.name == "Step"] == [1, 2, 3]
            async with desk.terminal(device="phone", after=cursor) as phone:
                [step] = await frames(phone, 1)
                assert step.step == 3, "told again, under its number"
                await desk.act("ReportOnScene", mission)
                [step] = await frames(phone, 1)
                assert (step.kind, step.by) == ("ON_SCENE", "lee")


@pytest.mark.parametrize("forgery", ["who = 'mallory'", "kind = 'CLEARED'", "proof = NULL"])
async def test_a_step_that_was_changed_by_hand_is_not_told(
    database: Installation, database_url: str, forgery: str
) -> None:
    """A step of another device is told as it was taken, or not at all; `verify` names it."""
    settings = some_settings(database_url)
    coded = CodedRows(Codes(settings.keyring, settings.schema), TEAM_STEPS)
    admin = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
    async with serving(settings) as desk:
        async with desk.terminal() as terminal:
            mission = (await desk.dispatch()).mission.id
            push = await terminal.push()
        await desk.act("ReceiveMission", mission, seq=1)
        await desk.act("AcknowledgeMission", mission, revision=1)
        await desk.act("ReportEnRoute", mission)
        assert [each async for each in coded.forged(admin)] == []
        await admin.execute(f"UPDATE mailbox_steps SET {forgery} WHERE step = 2")
        async with desk.terminal(device="phone", after=push.cursor) as phone:
            told = [(step.step, step.kind) for step in await frames(phone, 2, "step")]
            assert told == [(1, "DELIVERED"), (3, "EN_ROUTE")]
    [flaw] = [each async for each in coded.forged(admin)]
    assert flaw.startswith("mailbox_steps fire-1 2")
    await admin.close()


async def test_an_entry_or_step_that_was_removed_by_hand_is_missed(
    database: Installation, database_url: str
) -> None:
    """No reader sees the gap: the nightly check and `liandong verify` name the mission."""
    settings = some_settings(database_url)
    admin = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
    async with serving(settings) as desk:
        first, second = [(await desk.dispatch()).mission.id for _ in range(2)]
        await desk.act("AcknowledgeMission", first)
        await desk.act("ReportEnRoute", first)
    for written in WRITTEN:
        assert [each async for each in missing(admin, "missions", written)] == []
    for written, mission, rest in zip(
        WRITTEN, (second, first), ("", "AND kind = 'EN_ROUTE'"), strict=True
    ):
        await admin.execute(f"DELETE FROM {written.table} WHERE mission = '{mission}' {rest}")
        [flaw] = [each async for each in missing(admin, "missions", written)]
        assert (flaw.where, mission in flaw.what) == (written.table, True)
    await admin.close()


async def belongs(desk: Desk, mission: str, matter: UUID) -> None:
    """Wait until the mission belongs to this matter."""
    request, metadata = pb.GetMissionRequest(mission_id=mission), metadata_for(desk.token, DESK)
    async with asyncio.timeout(30):
        while True:
            found = (await desk.stub.GetMission(request, metadata=metadata)).mission
            if found.matter_id == str(matter):
                return
            await asyncio.sleep(0.05)


async def set_back(database: Installation, mission: str) -> None:
    """As if the time until the alert of the mission were over."""
    conn = await asyncpg.connect(database.admin)
    await conn.execute(
        "UPDATE emergency.missions SET alert_time = end_time WHERE id = $1", UUID(mission)
    )
    await conn.close()


class Teller:
    """What relays of other services send, with versions of their own."""

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self._versions: dict[tuple[str, UUID], int] = {}

    async def alarm(self, receipt: UUID, **kind: Any) -> None:
        await self._tell(TOPIC, "liandong.alarm", receipt, AlarmEvent(**kind))

    async def incident(self, incident: UUID, **kind: Any) -> None:
        await self._tell(INCIDENTS, "liandong.incident", incident, IncidentEvent(**kind))

    async def _tell(self, topic: str, kind: str, of: UUID, event: Any) -> None:
        version = self._versions[topic, of] = self._versions.get((topic, of), 0) + 1
        event_of = str(event_id(kind, of, version))
        meta = Meta(event_id=event_of, aggregate_id=str(of), version=version, actor="zhao")
        event.meta.CopyFrom(meta)
        headers = [("ce_type", kind.encode())]
        async with AIOKafkaProducer(bootstrap_servers=self._brokers) as producer:
            value, key = event.SerializeToString(), str(of).encode()
            headers = signed(topic, key, value, headers)
            await producer.send_and_wait(topic, value, key=key, headers=headers)


class TestOverKafka:
    @pytest.fixture
    async def brokers(self, broker: Broker) -> str:
        await broker.started()
        await topics.ensure(broker.address, topics.read())
        return broker.address

    @pytest.fixture
    async def desk(self, database_url: str, brokers: str) -> AsyncIterator[Desk]:
        async with serving(some_settings(database_url, brokers)) as desk:
            yield desk

    async def test_a_correction_is_shown_and_signed_for_again(
        self, desk: Desk, brokers: str
    ) -> None:
        receipt, teller = uuid4(), Teller(brokers)
        facts = {
            "id": str(receipt),
            "narrative": "两车相撞,有人受伤",
            "category": "traffic.accident",
            "priority": "P1",
            "place": {"text": "青山镇长风路21号", "area": COUNTY},
        }
        async with desk.terminal() as terminal:
            mission = (await desk.dispatch(receipt=receipt, note="带破拆工具")).mission.id
            first = await terminal.push()
            await desk.act("AcknowledgeMission", mission, revision=1)
            await teller.incident(receipt, amended={"matter": facts, "reason": "听错了门牌"})
            push = await terminal.push(30)
            assert (push.kind, push.seq, push.revision) == (Push.KIND_REVISION, 2, 2)
            assert push.place.text == "青山镇长风路21号"
            assert push.narrative == "两车相撞,有人受伤\n带破拆工具"
            assert "place" in push.correction.changed
            assert push.correction.was.place.text == first.place.text
            assert push.correction.reason == "听错了门牌"
            assert push.asks
            assert push.state == Mission.STATE_ACKNOWLEDGED
            stale = await desk.act("AcknowledgeMission", mission, revision=1)
            assert stale.answer == "STALE_REVISION"
            assert stale.HasField("due_time"), "still asked for"
            present = await desk.act("AcknowledgeMission", mission, revision=2)
            assert (present.answer, present.acknowledged_revision) == ("APPLIED", 2)
            assert not present.HasField("due_time")
            await teller.incident(receipt, amended={"matter": {**facts, "priority": "P2"}})
            minor = await terminal.push(30)
            assert (minor.revision, minor.priority, minor.asks) == (3, "P2", False)
            assert list(minor.correction.changed) == ["priority"]

    async def test_the_end_of_a_matter_calls_its_teams_back(
        self, desk: Desk, brokers: str, database: Installation
    ) -> None:
        receipt, other, unknown = uuid4(), uuid4(), uuid4()
        teller = Teller(brokers)
        async with desk.terminal() as terminal, desk.terminal("fire-2") as second:
            await desk.dispatch(receipt=receipt)
            await desk.dispatch("fire-2", receipt=receipt)
            cleared = (await desk.dispatch(receipt=other)).mission.id
            await desk.act("ClearMission", cleared)
            await teller.incident(unknown, voided={"reason": "谎报"})
            await teller.incident(other, closed={})
            await teller.incident(receipt, voided={"reason": "谎报"})
            for each, skip in ((terminal, 2), (second, 1)):
                push = [await each.push(30) for _ in range(skip + 1)][-1]
                assert (push.kind, push.recall.cause) == (
                    Push.KIND_RECALL,
                    Recall.CAUSE_INCIDENT_VOIDED,
                )
                assert push.recall.reason == "谎报"
        conn = await asyncpg.connect(database.admin)
        noted = await conn.fetch(
            "SELECT aggregate_id FROM emergency.inbox WHERE consumer = 'emergency.incidents'"
        )
        # The one that is over hears whom to name no more; what had no team is not read.
        assert {row["aggregate_id"] for row in noted} == {receipt, other}
        assert await conn.fetchval("SELECT count(*) FROM emergency.refused_links") == 0
        await conn.close()

    async def test_an_invalid_receipt_calls_back_what_it_has_ordered_with_it(
        self, desk: Desk, brokers: str
    ) -> None:
        """The order and the mark arrive together, as after a time without Kafka."""
        receipt, teller = uuid4(), Teller(brokers)
        async with desk.terminal() as terminal:
            order = an_order("fire-1", receipt, receipt=str(receipt))
            await teller.alarm(receipt, dispatch_ordered={"order": order})
            await teller.alarm(receipt, marked_invalid={"note": "小孩玩电话"})
            pushes = [await terminal.push(30) for _ in range(2)]
            kinds = [push.kind for push in pushes]
            assert kinds == [Push.KIND_MISSION, Push.KIND_RECALL] or kinds[0] == Push.KIND_RECALL
            recalled = next(push for push in pushes if push.kind == Push.KIND_RECALL)
            assert recalled.recall.cause == Recall.CAUSE_RECEIPT_INVALID
            assert recalled.recall.reason == "小孩玩电话"

    @pytest.mark.parametrize(
        "end",
        [
            {"answered": {"reply": "已电话答复"}},
            {"passed": {"to_unit": "n", "note": "转出"}},
            {"passed_to_petitions": {"note": "转出"}},
            {"mediation_referred": {"note": "转出"}},
            {"ticket_filed": {"note": "转出"}},
            {"closed": {"matter_id": ""}},
        ],
        ids=lambda each: next(iter(each)),
    )
    async def test_an_end_without_an_incident_calls_back_what_the_receipt_has_ordered(
        self, desk: Desk, brokers: str, end: Any
    ) -> None:
        """The steps before it recall nothing: there the matter goes on as an incident."""
        receipt, teller = uuid4(), Teller(brokers)
        if "closed" in end:
            end = {"closed": {"matter_id": str(receipt)}}
        async with desk.terminal() as terminal:
            sent = (await desk.dispatch(receipt=receipt)).mission.id
            await terminal.push()
            await teller.alarm(receipt, passed_to_unit={"note": "转出"})
            await teller.alarm(receipt, closed={})
            await teller.alarm(receipt, **end)
            push = await terminal.push(30)
            while push.mission != sent:  # what tests before have left on the topics
                push = await terminal.push(30)
            assert push.kind == Push.KIND_RECALL
            assert push.recall.cause == Recall.CAUSE_RECEIPT_ENDED
            assert push.recall.reason == next(iter(end.values())).get("note", "")

    @pytest.mark.parametrize("first", ["incident", "receipt"])
    async def test_linked_receipts_have_one_mission_of_a_team(
        self, desk: Desk, brokers: str, database: Installation, first: str
    ) -> None:
        """The later one is called back, and its desk is told who was first."""
        incident, receipt, teller = uuid4(), uuid4(), Teller(brokers)
        order = [incident, receipt] if first == "incident" else [receipt, incident]
        sent = [(await desk.dispatch(receipt=each)).mission for each in order]
        only = (await desk.dispatch("medical-1", receipt=receipt)).mission
        async with desk.terminal() as terminal:
            await terminal.pushes(2)
            code = "990101260101-000007-3"
            linked = {"incident_id": str(incident), "incident_code": code}
            await teller.alarm(receipt, repeat_linked=linked)
            push = await terminal.push(30)
            assert (push.mission, push.kind) == (sent[1].id, Push.KIND_RECALL)
            assert push.recall.cause == Recall.CAUSE_SAME_MATTER
            assert (push.recall.stays, push.recall.sent_by) == (sent[0].id, "zhao")
            await teller.incident(incident, closed={})
            push = await terminal.push(30)
            assert (push.mission, push.recall.cause) == (sent[0].id, Recall.CAUSE_INCIDENT_CLOSED)
        conn = await asyncpg.connect(database.admin)
        rows = await conn.fetch("SELECT id, matter_id, state FROM emergency.missions")
        assert {row["matter_id"] for row in rows} == {incident}
        assert {row["state"] for row in rows} == {"RECALLED"}
        assert only.id in {str(row["id"]) for row in rows}
        assert await conn.fetchval("SELECT count(*) FROM emergency.refused_links") == 0
        await conn.close()

    @pytest.mark.parametrize("first", ["incident", "receipt"])
    async def test_a_link_leaves_the_team_where_it_is(
        self, desk: Desk, brokers: str, database: Installation, first: str
    ) -> None:
        """The mission by which the team is on the scene stays, though it was sent later."""
        incident, receipt, teller = uuid4(), uuid4(), Teller(brokers)
        order = [incident, receipt] if first == "incident" else [receipt, incident]
        silent, there = [(await desk.dispatch(receipt=each)).mission.id for each in order]
        await desk.act("ReportOnScene", there)
        async with desk.terminal() as terminal:
            await terminal.pushes(2)
            await teller.alarm(receipt, repeat_linked={"incident_id": str(incident)})
            push = await terminal.push(30)
            assert (push.mission, push.kind) == (silent, Push.KIND_RECALL)
            assert (push.recall.cause, push.recall.stays) == (Recall.CAUSE_SAME_MATTER, there)
            with pytest.raises(InvalidTransition) as caught:
                await desk.act("AcknowledgeMission", silent)
            assert (caught.value.reason, caught.value.facts["mission"]) == ("SAME_MATTER", there)
            await belongs(desk, there, incident)
            await desk.act("ConfirmRecall", silent)
            await set_back(database, silent)
            zhao = Actor("zhao", "desk", "dispatcher", "990100")
            assert [*(await desk.alerts(zhao)).items] == []
            await teller.alarm(receipt, repeat_unlinked={"reason": "不是一回事"})
            await belongs(desk, there if first == "incident" else silent, receipt)
            await set_back(database, silent)
            shown = (await desk.alerts(zhao)).items
            assert [(each.mission_id, each.reason) for each in shown] == [(silent, "MATTER_PARTED")]
            await desk.dispatch("fire-2", receipt=UUID(shown[0].matter_id))
            assert [*(await desk.alerts(zhao)).items] == [], "the matter has a team again"

    @pytest.mark.parametrize("what", ["incident", "receipt"])
    async def test_a_void_that_is_undone_leaves_its_matter_without_a_team_and_tells_the_desk(
        self, desk: Desk, brokers: str, database: Installation, what: str
    ) -> None:
        """The inbox of the desk shows it, until another team is sent."""
        receipt, teller = uuid4(), Teller(brokers)
        zhao = Actor("zhao", "desk", "dispatcher", "990100")
        async with desk.terminal() as terminal:
            mission = (await desk.dispatch(receipt=receipt)).mission.id
            await terminal.push()
            if what == "incident":
                await teller.incident(receipt, voided={"reason": "PRANK"})
            else:
                await teller.alarm(receipt, marked_invalid={})
            assert (await terminal.push(30)).kind == Push.KIND_RECALL
            await desk.act("ConfirmRecall", mission)
            assert [*(await desk.alerts(zhao)).items] == []
            tell = teller.incident if what == "incident" else teller.alarm
            await tell(receipt, reinstated={})
            async with asyncio.timeout(30):
                while not (shown := (await desk.alerts(zhao)).items):
                    await asyncio.sleep(0.1)
            told = [(each.mission_id, each.reason) for each in shown]
            assert told == [(mission, "MATTER_REOPENED")]
            await desk.dispatch("fire-2", receipt=receipt)
            assert [*(await desk.alerts(zhao)).items] == [], "the matter has a team again"

    @pytest.mark.parametrize("apart", [True, False])
    async def test_a_link_that_is_undone_gives_the_mission_back(
        self, desk: Desk, brokers: str, apart: bool
    ) -> None:
        incident, receipt, teller = uuid4(), uuid4(), Teller(brokers)
        async with desk.terminal() as terminal:
            mission = (await desk.dispatch(receipt=receipt)).mission.id
            await terminal.push()
            await teller.alarm(receipt, repeat_linked={"incident_id": str(incident)})
            if apart:
                await belongs(desk, mission, incident)
            await teller.alarm(receipt, repeat_unlinked={"reason": "不是一回事"})
            if apart:
                await belongs(desk, mission, receipt)
            await teller.alarm(receipt, marked_invalid={})
            push = await terminal.push(30)
            assert push.recall.cause == Recall.CAUSE_RECEIPT_INVALID

    async def test_a_mission_that_is_over_hears_whom_to_name_no_more(
        self, desk: Desk, brokers: str, database: Installation
    ) -> None:
        """No team is under way for the incident any more; nobody tells of it but Kafka."""
        incident = uuid4()
        mission = (await desk.dispatch(receipt=incident)).mission.id
        await desk.act("ClearMission", mission)
        named = {"id": str(incident), "persons": ["v1.sealed"]}
        await Teller(brokers).incident(incident, amended={"matter": named})
        conn = await asyncpg.connect(database.admin, server_settings={"search_path": "emergency"})
        known = "SELECT doc -> 'order' ->> 'persons' FROM missions WHERE id = $1"
        async with asyncio.timeout(30):
            while "v1.sealed" not in (await conn.fetchval(known, mission)):
                await asyncio.sleep(0.1)
        await conn.close()

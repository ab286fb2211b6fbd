"""Events of receipts and incidents reach missions by a call, with Kafka away; late ones are old."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

from backbone.door.journal import event_id
from backbone.rpc.caller import metadata_for
from backbone.rpc.refusing import abort
from backbone.words.actor import SERVICE, Actor
from backbone.words.errors import NotFound
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import hearing_service_pb2 as hearing
from liandong.emergency.v1.emergency_pb2 import Mission, Push, Recall
from liandong.event.v1.event_pb2 import Meta
from liandong.incident.v1 import incident_service_pb2 as incidents_pb
from liandong.incident.v1 import incident_service_pb2_grpc as incidents_rpc
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.incident.v1.incident_pb2 import HeardReport, Incident
from tests.emergency import COUNTY, Desk, serving, some_settings

ZHAO = Actor("zhao", "desk", "dispatcher", COUNTY)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with serving(some_settings(database_url)) as desk:
        yield desk


async def hear(
    desk: Desk, of: UUID, version: int, event: Any, source: str = "", **more: Any
) -> None:
    """What the service of the receipt or incident tells directly."""
    is_receipt = isinstance(event, AlarmEvent)
    kind = "liandong.alarm" if is_receipt else "liandong.incident"
    told_as = str(event_id(kind, of, version))
    meta = Meta(
        event_id=told_as, aggregate_id=str(of), version=version, actor="zhao", source=source
    )
    event.meta.CopyFrom(meta)
    verb, request = (
        ("HearReceipt", hearing.HearReceiptRequest)
        if is_receipt
        else ("HearIncident", hearing.HearIncidentRequest)
    )
    metadata = metadata_for(desk.token, Actor("", "", SERVICE))
    told = request(events=[event.SerializeToString()], **more)
    await getattr(desk.hearing, verb)(told, metadata=metadata, timeout=30)


def facts(of: UUID, text: str) -> dict[str, Any]:
    return {
        "id": str(of),
        "narrative": "两车相撞,有人受伤",
        "category": "traffic.accident",
        "priority": "P1",
        "place": {"text": text, "area": COUNTY},
    }


async def test_corrections_and_ends_of_an_incident(desk: Desk) -> None:
    receipt = uuid4()
    async with desk.terminal() as terminal:
        await desk.dispatch(receipt=receipt)
        await terminal.push()
        for version, text in ((3, "长风路3号"), (2, "长风路2号"), (3, "长风路3号")):
            matter = {"matter": facts(receipt, text)}
            await hear(desk, receipt, version, IncidentEvent(amended=matter))
        push = await terminal.push()
        assert (push.kind, push.revision) == (Push.KIND_REVISION, 2)
        assert push.place.text == "长风路3号"
        await hear(desk, receipt, 4, IncidentEvent(voided={"reason": "HOAX"}))
        push = await terminal.push()
        assert (push.kind, push.revision) == (Push.KIND_RECALL, 3)
        assert push.recall.cause == Recall.CAUSE_INCIDENT_VOIDED


@pytest.mark.parametrize("end", [{"voided": {"reason": "HOAX"}}, {"closed": {}}])
async def test_an_end_reaches_the_missions_of_an_incident_that_was_merged_into_it(
    desk: Desk, end: dict[str, Any]
) -> None:
    """Without Kafka the missions of a merged incident do not move to the other one."""
    host, merged, apart = uuid4(), uuid4(), uuid4()
    with_it = (await desk.dispatch(receipt=merged)).mission.id
    other = (await desk.dispatch("fire-2", receipt=apart)).mission.id
    for _ in range(2):
        await hear(desk, host, 4, IncidentEvent(**end), merged=[str(merged)])
    ended = await found(desk, with_it)
    assert ended.state == Mission.STATE_RECALLED
    assert Recall.Cause.Name(ended.recall.cause) == f"CAUSE_INCIDENT_{next(iter(end)).upper()}"
    assert (await found(desk, other, "fire-2")).state == Mission.STATE_PENDING
    # A correction of the other incident is no end of this one.
    await hear(
        desk, host, 5, IncidentEvent(amended={"matter": facts(host, "三号")}), merged=[str(apart)]
    )
    assert (await found(desk, other, "fire-2")).revision == 1


async def test_links_and_ends_of_a_receipt(desk: Desk) -> None:
    receipt, incident = uuid4(), uuid4()
    mission = (await desk.dispatch(receipt=receipt, receipt_version=2)).mission.id
    link = AlarmEvent(repeat_linked={"incident_id": str(incident)})
    own = facts(receipt, "青山镇长风路12号")
    part = AlarmEvent(repeat_unlinked={"reason": "不是一回事", "facts": own})
    await hear(desk, receipt, 3, link)
    assert await matter_of(desk, mission) == incident
    await hear(desk, receipt, 4, part)
    await hear(desk, receipt, 3, link)
    assert await matter_of(desk, mission) == receipt, "the link was undone since"
    await hear(desk, receipt, 1, AlarmEvent(marked_invalid={}))
    assert (await found(desk, mission)).state == Mission.STATE_PENDING, "it was ordered after that"
    await hear(desk, receipt, 5, AlarmEvent(marked_invalid={"reason": "INVALID_REASON_TEST"}))
    ended = await found(desk, mission)
    assert ended.recall.cause == Recall.CAUSE_RECEIPT_INVALID
    assert ended.recall.reason == "TEST", "the team hears why"


async def test_what_a_receipt_has_ordered_for_its_incident_leaves_with_it(desk: Desk) -> None:
    """With its own place, words and code, as a revision; what others have ordered stays, and the
    team may be sent to the incident again."""
    receipt, other, incident = uuid4(), uuid4(), uuid4()
    own = (await desk.dispatch(receipt=receipt, receipt_version=1)).mission.id
    await hear(desk, receipt, 2, AlarmEvent(repeat_linked={"incident_id": str(incident)}))
    order: dict[str, Any] = {"matter": incident, "receipt": receipt, "receipt_version": 3}
    late = (await desk.dispatch("fire-2", **order)).mission.id
    apart = {"matter": incident, "receipt": other, "receipt_version": 5}
    theirs = (await desk.dispatch("medical-1", **apart)).mission.id
    facts_then = facts(receipt, "青山镇长风路99号") | {"code": "own-code"}
    part = {"reason": "不是一回事", "facts": facts_then}
    await hear(desk, receipt, 4, AlarmEvent(repeat_unlinked=part))
    for mission, team in ((own, "fire-1"), (late, "fire-2")):
        assert await matter_of(desk, mission, team) == receipt
        shown = await found(desk, mission, team)
        assert (shown.place.text, shown.code) == ("青山镇长风路99号", "own-code")
        assert shown.revision == 2
    assert await matter_of(desk, theirs, "medical-1") == incident
    again = (await desk.dispatch("fire-2", **apart)).mission
    assert again.id != late and await matter_of(desk, again.id, "fire-2") == incident


async def test_what_a_receipt_has_ordered_while_merged_goes_back_with_it(desk: Desk) -> None:
    receipt, host = uuid4(), uuid4()
    merged = {"incident_id": str(host), "from_incident": str(receipt), "incident_code": "host"}
    link: dict[str, Any] = {"caller_linked": {"receipt": str(receipt)}, "left": {"version": 5}}
    await hear(desk, receipt, 3, AlarmEvent(moved=merged | link))
    order: dict[str, Any] = {"matter": host, "receipt": receipt, "receipt_version": 4}
    late = (await desk.dispatch(**order)).mission.id
    parted = {"incident_id": str(receipt), "from_incident": str(host), "incident_code": "own"}
    back: dict[str, Any] = {
        "caller_unlinked": {"receipt": str(receipt)},
        "incident": {"version": 6},
    }
    await hear(desk, receipt, 5, AlarmEvent(moved=parted | back))
    assert await matter_of(desk, late) == receipt
    assert (await found(desk, late)).code == "own"
    await hear(desk, host, 7, IncidentEvent(voided={"reason": "HOAX"}))
    assert (await found(desk, late)).state == Mission.STATE_PENDING


ZHAO = Actor("zhao", "desk", "duty_officer", "990100")
FIRE = f"{COUNTY}-fire"


def accusing(of: UUID) -> IncidentEvent:
    said = facts(of, "青山镇长风路12号") | {"narrative": "消防队员打人", "against": FIRE}
    return IncidentEvent(amended={"matter": said | {"desk": "command"}})


async def test_a_team_of_a_unit_that_is_accused_while_it_is_under_way(desk: Desk) -> None:
    """It hears a plain recall; its unit loses the order, and its desk hears at once."""
    receipt = uuid4()
    async with desk.terminal() as terminal:
        mission = (await desk.dispatch(receipt=receipt)).mission.id
        await terminal.push()
        for _ in range(2):
            await hear(desk, receipt, 3, accusing(receipt))
        push = await terminal.push()
        assert (push.kind, push.revision) == (Push.KIND_RECALL, 2)
        assert (push.recall.cause, push.recall.recalled_by) == (Recall.CAUSE_DESK, "")
        assert "打人" not in str(push) and push.narrative == "两车相撞,有人受伤"
        [alert] = (await desk.alerts(ZHAO)).items
        assert (alert.mission_id, alert.reason, alert.unit) == (mission, "ACCUSED", "")
        officer = Actor("he", FIRE, "duty_officer", COUNTY)
        assert [*(await desk.alerts(officer)).items] == []
        metadata = metadata_for(desk.token, officer)
        listed = await desk.stub.ListTeamStatuses(
            pb.ListTeamStatusesRequest(), metadata=metadata, timeout=30
        )
        assert [each.open_missions for each in listed.items if each.team == "fire-1"] == [0]
        asked = pb.GetMissionRequest(mission_id=mission)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.stub.GetMission(asked, metadata=metadata, timeout=30)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        await desk.act("ConfirmRecall", mission)
        assert len((await desk.alerts(ZHAO)).items) == 1
        await desk.stop_ladder(mission, "已另派队伍", role="duty_officer")
        assert [*(await desk.alerts(ZHAO)).items] == []
        assert await terminal.silence(0.5)


OTHER = f"{COUNTY}-police"


@pytest.mark.parametrize("by", ["receipt", "incident"])
async def test_a_team_that_was_sent_before_reads_no_word_of_an_accusation(
    desk: Desk, by: str
) -> None:
    """Also of why the matter ended: as the receipt tells it, and as the incident does."""
    receipt = uuid4()
    said = facts(receipt, "青山镇长风路99号") | {"narrative": "民警打人", "against": OTHER}
    said |= {"desk": "desk", "danger": "有刀", "category": "accusation"}
    amended: Any = IncidentEvent(amended={"matter": said, "reason": "民警打人"})
    ended: Any = IncidentEvent(voided={"reason": "民警打人是诬告"})
    if by == "receipt":
        amended = AlarmEvent(amended={"facts": said})
        ended = AlarmEvent(marked_invalid={"note": "民警打人是诬告"})
    async with desk.terminal() as terminal:
        mission = (await desk.dispatch(receipt=receipt)).mission.id
        knowing = (await desk.dispatch("fire-2", receipt=receipt, against=OTHER)).mission.id
        await terminal.push()
        await hear(desk, receipt, 3, amended)
        push = await terminal.push()
        assert (push.kind, push.place.text) == (Push.KIND_REVISION, "青山镇长风路99号")
        assert (push.danger, push.narrative, push.category) == (
            "有刀",
            "两车相撞,有人受伤",
            "traffic.accident",
        )
        told = await found(desk, knowing, "fire-2")
        assert told.narrative == "民警打人", "the desk has sent it with the accusation"
        await hear(desk, receipt, 4, ended)
        assert (await terminal.push()).kind == Push.KIND_RECALL
        assert "打人" not in f"{terminal.frames} {await found(desk, mission)}"
        assert "诬告" in (await found(desk, knowing, "fire-2")).recall.reason


async def test_nor_from_a_report_that_accuses_and_leaves_its_incident(desk: Desk) -> None:
    receipt, incident = uuid4(), uuid4()
    mission = (await desk.dispatch(receipt=receipt, receipt_version=1)).mission.id
    await hear(desk, receipt, 2, AlarmEvent(repeat_linked={"incident_id": str(incident)}))
    own = facts(receipt, "青山镇长风路99号") | {"narrative": "民警打人", "against": OTHER}
    part = {"reason": "不是一回事", "facts": own}
    await hear(desk, receipt, 3, AlarmEvent(repeat_unlinked=part))
    told = await found(desk, mission)
    assert (told.matter_id, told.place.text) == (str(receipt), "青山镇长风路99号")
    assert "打人" not in str(told)


async def found(desk: Desk, mission: str, team: str = "fire-1") -> Mission:
    metadata = metadata_for(desk.token, Actor("lee"), team=team)
    request = pb.GetMissionRequest(mission_id=mission)
    response = await desk.stub.GetMission(request, metadata=metadata, timeout=30)
    shown: Mission = response.mission
    return shown


async def matter_of(desk: Desk, mission: str, team: str = "fire-1") -> UUID:
    return UUID((await found(desk, mission, team)).matter_id)


class Workflow(incidents_rpc.IncidentServiceServicer):
    """Answers for the incidents that a test names, as the workflow service does."""

    def __init__(self) -> None:
        self.known: dict[str, Incident] = {}
        self.asked: list[str] = []
        self.heard: dict[str, list[HeardReport]] = {}

    async def ReadIncident(self, request: Any, context: Any) -> Any:
        self.asked.append(request.incident_id)
        found = self.known.get(request.incident_id)
        if found is None:
            await abort(context, NotFound("NO_SUCH_INCIDENT"))
        heard = self.heard.get(request.incident_id, [])
        return incidents_pb.ReadIncidentResponse(incident=found, heard_reports=heard)


@pytest.fixture
async def workflow() -> AsyncIterator[tuple[Workflow, str]]:
    server, servicer = grpc.aio.server(), Workflow()
    incidents_rpc.add_IncidentServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield servicer, f"127.0.0.1:{port}"
    await server.stop(grace=None)


async def test_a_correction_that_was_told_before_the_mission_was_there(
    database_url: str, workflow: tuple[Workflow, str]
) -> None:
    """The order was on its way when its incident was corrected, or ended."""
    servicer, address = workflow
    settings = some_settings(database_url)
    settings = replace(settings, environ={**settings.environ, "LIANDONG_WORKFLOW_ADDRESS": address})
    corrected, over, without = uuid4(), uuid4(), uuid4()
    for of, state in ((corrected, "STATE_OFFERED"), (over, "STATE_VOIDED")):
        said = {**facts(of, "青山镇长风路3号"), "version": 4, "state": state}
        servicer.known[str(of)] = Incident(**said)
    async with serving(settings) as desk:
        await hear(desk, corrected, 4, IncidentEvent(amended={"matter": facts(corrected, "三号")}))
        first = (await desk.dispatch(receipt=corrected, matter_version=2)).mission.id
        second = (await desk.dispatch("fire-2", receipt=over, matter_version=2)).mission.id
        third = (await desk.dispatch("medical-1", receipt=without)).mission.id
        async with asyncio.timeout(10):
            while (await found(desk, first)).place.text != "青山镇长风路3号":
                await asyncio.sleep(0.05)
            while (await found(desk, second, "fire-2")).state != Mission.STATE_RECALLED:
                await asyncio.sleep(0.05)
            while str(without) not in servicer.asked:
                await asyncio.sleep(0.05)
        ended = await found(desk, second, "fire-2")
        assert ended.recall.cause == Recall.CAUSE_INCIDENT_VOIDED
        assert (await found(desk, third, "medical-1")).place.text == "青山镇长风路12号"


async def test_an_incident_that_has_not_heard_of_the_receipt_tells_its_team_nothing(
    database_url: str, workflow: tuple[Workflow, str]
) -> None:
    """The link has reached the team before the incident. Neither its event nor its answer knows of
    the danger: the team goes on as it was sent until the incident does."""
    servicer, address = workflow
    settings = some_settings(database_url)
    settings = replace(settings, environ={**settings.environ, "LIANDONG_WORKFLOW_ADDRESS": address})
    receipt, incident = uuid4(), uuid4()
    first = HeardReport(receipt=str(incident), linked=True)
    servicer.heard[str(incident)] = [first]
    without = {**facts(incident, "长风路3号"), "version": 4, "state": "STATE_OFFERED"}
    servicer.known[str(incident)] = Incident(**without)
    async with serving(settings) as desk:
        mission = (await desk.dispatch(receipt=receipt, receipt_version=2)).mission.id
        link = {"incident_id": str(incident), "caller_linked": {"version": 3}}
        await hear(desk, receipt, 3, AlarmEvent(repeat_linked=link))
        told = {"matter": facts(incident, "长风路3号"), "heard_reports": [first]}
        await hear(desk, incident, 4, IncidentEvent(amended=told))
        async with asyncio.timeout(10):
            while servicer.asked.count(str(incident)) < 3:
                await asyncio.sleep(0.05)
        assert (await found(desk, mission)).revision == 1
        linked = HeardReport(receipt=str(receipt), linked=True, link_version=3)
        servicer.heard[str(incident)] = [first, linked]
        servicer.known[str(incident)] = Incident(**{**without, "danger": "油箱漏油", "version": 6})
        async with asyncio.timeout(10):
            while (await found(desk, mission)).danger != "油箱漏油":
                await asyncio.sleep(0.05)


async def test_an_incident_that_the_receipt_has_left_tells_its_team_nothing(desk: Desk) -> None:
    """Neither its facts nor its end, until the receipt has taken the team along."""
    receipt, incident = uuid4(), uuid4()
    mission = (await desk.dispatch(receipt=receipt, receipt_version=2)).mission.id
    await hear(desk, receipt, 3, AlarmEvent(repeat_linked={"incident_id": str(incident)}))
    heard = [
        HeardReport(receipt=str(incident), linked=True),
        HeardReport(receipt=str(receipt), link_version=5),
    ]
    told = {"matter": facts(incident, "长风路3号"), "heard_reports": heard}
    await hear(desk, incident, 8, IncidentEvent(amended=told))
    end = {"reason": "HOAX", "heard_reports": heard}
    await hear(desk, incident, 9, IncidentEvent(voided=end))
    shown = await found(desk, mission)
    assert (shown.revision, shown.state) == (1, Mission.STATE_PENDING)


async def test_the_desk_and_the_office_that_has_the_matter_both_reach_the_team(desk: Desk) -> None:
    """A report became a dispute: its desk and the mediators correct each their own."""
    receipt = uuid4()
    mission = (await desk.dispatch(receipt=receipt, receipt_version=4)).mission.id
    moved = {"matter": facts(receipt, "长风路21号"), "changed": ["place"]}
    await hear(desk, receipt, 5, IncidentEvent(amended=moved), "DISPUTE")
    own = {**facts(receipt, "青山镇长风路12号"), "narrative": "两人争吵，一人拿着刀"}
    await hear(desk, receipt, 7, AlarmEvent(amended={"facts": own}))
    urgent = {"matter": {**facts(receipt, "长风路21号"), "danger": "有狗"}, "changed": ["danger"]}
    await hear(desk, receipt, 6, IncidentEvent(amended=urgent), "DISPUTE")
    shown = await found(desk, mission)
    assert (shown.place.text, shown.danger) == ("长风路21号", "有狗")
    assert shown.narrative == "两人争吵，一人拿着刀"


@pytest.mark.parametrize("state", ["REFUSED", "DECLINED"])
async def test_the_desk_sees_a_team_whose_matter_no_office_has_taken_up(
    desk: Desk, state: str
) -> None:
    """The desk sent the team after the report became a dispute or petition: no end recalls it."""
    receipt = uuid4()
    mission = (await desk.dispatch(receipt=receipt, receipt_version=4)).mission.id
    told = AlarmEvent(record_followed={"state": state, "version": 3})
    await hear(desk, receipt, 5, AlarmEvent(record_followed={"state": "ACCEPTED", "version": 2}))
    assert not [*(await desk.alerts(ZHAO)).items]
    for _ in range(2):
        await hear(desk, receipt, 6, told)
    [shown] = (await desk.alerts(ZHAO)).items
    assert (shown.mission_id, shown.reason) == (mission, "MATTER_LEFT")
    assert (await found(desk, mission)).state == Mission.STATE_PENDING
    await hear(desk, receipt, 7, AlarmEvent(reinstated={"reason": "DANGER_TOLD"}))
    assert not [*(await desk.alerts(ZHAO)).items], "the report is open at its desk again"
    await hear(desk, receipt, 8, told)
    assert [*(await desk.alerts(ZHAO)).items]
    await desk.act("ClearMission", mission)
    assert not [*(await desk.alerts(ZHAO)).items]

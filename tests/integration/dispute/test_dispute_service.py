"""Disputes over gRPC and a real database: repeats, seals, scope; links over a real Kafka."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from backbone.door.journal import event_id
from backbone.kafka.producer import open_producer
from backbone.words.actor import Actor
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1.dispute_service_pb2_grpc import DisputeServiceStub
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.place.v1.place_pb2 import Place
from operate.admin import topics
from tests.cities import COUNTY, NORTH, SOUTH, a_city
from tests.installation import Installation
from tests.servers import Broker
from tests.serving import Client, calling, everything_at_rest, serving, until
from tests.signing import signed

DESK = Actor("zhao", "command", "receptionist", COUNTY)
LI, CHEN = Actor("li", "north", "mediator", NORTH), Actor("chen", "south", "clerk", SOUTH)
LEADER = Actor("sun", "county", "leader", COUNTY)
ONE = resources.Party(side="SIDE_APPLICANT", name="欧阳小明", contact="13912345678")
OTHER = resources.Party(side="SIDE_RESPONDENT", name="司马大光", contact="13887654321")


def a_request(**more: object) -> pb.RegisterDisputeRequest:
    given: dict[str, object] = {
        "kind": "KIND_NEIGHBOURS",
        "subject": "楼上漏水",
        "text": "楼上漏水泡了天花板",
        "parties": [ONE, OTHER],
        "place": Place(text="gate", area=NORTH),
        **more,
    }
    return pb.RegisterDisputeRequest(**given)


@pytest.fixture
async def call(database: Installation) -> AsyncIterator[Client]:
    async with (
        serving(database, a_city(), "dispute") as home,
        calling(home, "dispute", DisputeServiceStub) as client,
    ):
        yield client


async def accepted(call: Client, key: str = "", **more: object) -> resources.Dispute:
    dispute = (await call("RegisterDispute", a_request(**more), DESK, key)).dispute
    accept = pb.AcceptDisputeRequest(dispute_id=dispute.id, mediation="MEDIATION_PEOPLE")
    return (await call("AcceptDispute", accept, DESK)).dispute  # type: ignore[no-any-return]


async def test_from_the_desk_to_the_file(call: Client, database: Installation) -> None:
    dispute = await accepted(call, "k")
    assert dispute.code[13] == "2"
    again = await call("RegisterDispute", a_request(), DESK, "k")
    assert (again.dispute.id, call.trailing["liandong-replayed"]) == (dispute.id, "true")
    assert [party.name for party in dispute.parties] == ["欧***", "司***"]
    about = dispute.id
    await call("HoldSession", pb.HoldSessionRequest(dispute_id=about, text="双方到场"), DESK)
    agreement = resources.Agreement(oral=True, terms="三日内修好")
    agree = pb.RecordAgreementRequest(dispute_id=about, agreement=agreement)
    assert (await call("RecordAgreement", agree, DESK)).dispute.agreement == agreement
    reveal = pb.RevealPartiesRequest(dispute_id=about)
    shown = await call("RevealParties", reveal, DESK, purpose="回访履行")
    assert list(shown.parties) == [ONE, OTHER]
    closed = (await call("CloseDispute", pb.CloseDisputeRequest(dispute_id=about), DESK)).dispute
    assert closed.state == resources.Dispute.STATE_CLOSED
    stored = await everything_at_rest(database, "dispute")
    assert "楼上漏水" in stored and "回访履行" in stored
    for plain in (ONE.name, ONE.contact, OTHER.name, OTHER.contact):
        assert plain not in stored


async def test_who_may_see_it(call: Client) -> None:
    dispute = await accepted(call)
    asked = pb.GetDisputeRequest(dispute_id=dispute.id)
    listed = pb.ListDisputesRequest(count=True, kind="KIND_NEIGHBOURS", level=3)
    for who in (DESK, LEADER):
        assert (await call("GetDispute", asked, who)).dispute.code == dispute.code
        assert (await call("ListDisputes", listed, who)).total_size == 1
    for who in (LI, CHEN):
        assert await call.refused("GetDispute", asked, who) == "NO_SUCH_DISPUTE"
        assert not (await call("ListDisputes", listed, who)).items


async def test_a_repeated_reveal_is_judged_anew(call: Client) -> None:
    request = pb.RevealPartiesRequest(dispute_id=(await accepted(call)).id)
    first = await call("RevealParties", request, DESK, "look", purpose="回访履行")
    again = await call("RevealParties", request, DESK, "look", purpose="回访履行")
    assert (again, call.trailing["liandong-replayed"]) == (first, "true")
    moved = Actor("zhao", "south", "clerk", SOUTH)
    assert await call.refused("RevealParties", request, moved, "look") == "NO_SUCH_DISPUTE"
    promoted = Actor("zhao", "county", "leader", COUNTY)
    assert await call.refused("RevealParties", request, promoted, "look") == "ROLE_MAY_NOT"


async def test_the_first_answer_comes_again_after_the_dispute_went_on(call: Client) -> None:
    dispute = await accepted(call)
    session = pb.HoldSessionRequest(dispute_id=dispute.id, text="双方到场")
    first = await call("HoldSession", session, DESK, "session")
    agreement = resources.Agreement(oral=True, terms="三日内修好")
    agree = pb.RecordAgreementRequest(dispute_id=dispute.id, agreement=agreement)
    await call("RecordAgreement", agree, DESK)
    again = await call("HoldSession", session, DESK, "session")
    assert (again, call.trailing["liandong-replayed"]) == (first, "true")
    assert again.dispute.state == resources.Dispute.STATE_MEDIATING


async def test_it_enters_the_flow_without_kafka(database: Installation) -> None:
    async with (
        serving(database, a_city(), "dispute", "workflow") as home,
        calling(home, "dispute", DisputeServiceStub) as call,
    ):
        dispute = await accepted(call, kind="KIND_LABOUR")
        route = pb.RouteDisputeRequest(dispute_id=dispute.id, to_unit="north")
        incident = (await call("RouteDispute", route, DESK)).dispute.incident
        assert (incident.id, incident.state, incident.unit) == (dispute.id, "OFFERED", "north")


async def test_a_referred_alarm_is_registered_once_and_follows_its_incident(
    database: Installation, broker: Broker
) -> None:
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    receipt = uuid4()
    async with (
        serving(database, a_city(), "dispute", "workflow", brokers=broker.address) as home,
        calling(home, "dispute", DisputeServiceStub) as call,
        calling(home, "workflow", IncidentServiceStub) as work,
        open_producer(broker.address) as producer,
    ):
        topic, key, value = "liandong.alarm.events.v1", str(receipt).encode(), a_referral(receipt)
        for _ in range(2):
            await producer.send(topic, value, key=key, headers=signed(topic, key, value))
        asked = pb.GetDisputeRequest(dispute_id=str(receipt))

        async def found() -> resources.Dispute | None:
            items = (await call("ListDisputes", pb.ListDisputesRequest(), LI)).items
            return items[0] if items else None

        dispute = await until(found)
        assert (dispute.id, dispute.desk, dispute.source) == (
            str(receipt),
            "north",
            resources.SOURCE_ALARM,
        )
        accept = pb.AcceptDisputeRequest(dispute_id=dispute.id, mediation="MEDIATION_PEOPLE")
        await call("AcceptDispute", accept, LI)
        route = pb.RouteDisputeRequest(dispute_id=dispute.id, to_unit="north")
        assert (await call("RouteDispute", route, LI)).dispute.incident.state == "OFFERED"
        await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=dispute.id), LI)

        async def claimed() -> bool:
            seen = (await call("GetDispute", asked, LI)).dispute.incident
            return bool(seen.state == "CLAIMED" and seen.holder == "li")

        await until(claimed)
        assert (await call("ListDisputes", pb.ListDisputesRequest(count=True), LI)).total_size == 1


def a_referral(receipt: UUID) -> bytes:
    event = AlarmEvent()
    event.meta.event_id = str(event_id("liandong.alarm", receipt, 3))
    event.meta.aggregate_id, event.meta.version = str(receipt), 3
    matter = event.mediation_referred.referral
    matter.id, matter.code = str(receipt), "990101260101-000001-2"
    matter.title, matter.category, matter.desk = "邻居争吵", "dispute.neighbour", "command"
    matter.to_unit, matter.place.area = "north", NORTH
    return event.SerializeToString()


async def test_parties_who_are_named_already_leave_the_version_as_it_is(call: Client) -> None:
    """No two seals of one name are alike."""
    dispute = await accepted(call)
    request = pb.NamePartiesRequest(dispute_id=dispute.id, parties=[ONE, OTHER])
    again = (await call("NameParties", request, DESK)).dispute
    assert again.version == dispute.version
    request = pb.NamePartiesRequest(dispute_id=dispute.id, parties=[OTHER, ONE])
    assert (await call("NameParties", request, DESK)).dispute.version == dispute.version + 1

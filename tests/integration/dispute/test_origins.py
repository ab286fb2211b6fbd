"""Incidents of petitions' disputes that were opened before they could know where they came from."""

import asyncio

import asyncpg

from backbone.words.actor import Actor
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1.dispute_service_pb2_grpc import DisputeServiceStub
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_pb2 import Matter
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.place.v1.place_pb2 import Place
from liandong.supervision.v1 import supervision_service_pb2 as supervisions
from liandong.supervision.v1.supervision_service_pb2_grpc import SupervisionServiceStub
from operate.admin.records import forged
from operate.home.keys import Keys
from tests.cities import COUNTY, NORTH, a_city
from tests.installation import Installation
from tests.integration.dispute.test_dispute_service import DESK, a_request, accepted
from tests.serving import calling, serving, until

DISPATCHER = Actor("qian", "command", "dispatcher", COUNTY)
FENG = Actor("feng", "county", "supervisor", COUNTY)
LEADER = Actor("sun", "county", "leader", COUNTY)


async def of_before(database: Installation) -> str:
    """A dispute that a petition became, and its incident, which the desk of 110 knows."""
    async with (
        serving(database, a_city(), "dispute") as home,
        calling(home, "dispute", DisputeServiceStub) as call,
    ):
        dispute = await accepted(call, source="SOURCE_PETITION")
        await call("RouteDispute", pb.RouteDisputeRequest(dispute_id=dispute.id), DESK)
    matter = Matter(
        id=dispute.id,
        code=dispute.code,
        source="DISPUTE",
        title=a_request().subject,
        category=dispute.category,
        priority="P3",
        place=Place(text="gate", area=NORTH),
        desk="command",
    )
    one = flow.GetIncidentRequest(incident_id=dispute.id)
    async with (
        serving(database, a_city(), "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):
        await call("OpenIncident", flow.OpenIncidentRequest(matter=matter), DESK)
        assert (await call("GetIncident", one, DISPATCHER)).incident.id == dispute.id
    return str(dispute.id)


async def test_they_are_told_once_and_the_desk_sees_them_no_more(database: Installation) -> None:
    about = await of_before(database)
    admin = await asyncpg.connect(database.admin)
    # As the migration finds it, with a column of before.
    await admin.execute("INSERT INTO dispute.untold_origins VALUES ($1)", about)
    await admin.execute("UPDATE dispute.disputes SET source = 'WALK_IN'")
    one, all_ = flow.GetIncidentRequest(incident_id=about), flow.ListIncidentsRequest()
    async with (
        serving(database, a_city(), "workflow", "dispute") as home,
        calling(home, "workflow", IncidentServiceStub) as call,
    ):

        async def told() -> bool:
            left: int = await admin.fetchval("SELECT count(*) FROM dispute.untold_origins")
            return left == 0

        await until(told)
        assert await call.refused("GetIncident", one, DISPATCHER) == "NO_SUCH_INCIDENT"
        assert not (await call("ListIncidents", all_, DISPATCHER)).items
        assert (await call("GetIncident", one, LEADER)).incident.id == about
        shown = await call("ListIncidents", all_, LEADER)
        assert [each.id for each in shown.items] == [about]
        timeline = await call("GetTimeline", flow.GetTimelineRequest(incident_id=about), LEADER)
        assert [each.kind for each in timeline.items].count("OriginTold") == 1
    assert await admin.fetchval("SELECT source FROM dispute.disputes") == "PETITION"
    for schema in ("workflow", "dispute"):
        await admin.execute(f"SET search_path TO {schema}")
        assert [flaw async for flaw in forged(admin, schema, Keys(database.secret))] == []
    await admin.close()


async def test_supervisions_of_before_are_told_too(database: Installation) -> None:
    """One that goes on and one that is lifted: a dispatcher of the asked unit sees neither."""
    about = await of_before(database)
    admin = await asyncpg.connect(database.admin)
    async with (
        serving(database, a_city(), "workflow") as home,
        calling(home, "workflow", SupervisionServiceStub) as call,
    ):
        opening = supervisions.OpenSupervisionRequest(
            incident_ids=[about], level="LEVEL_KEY", reason="两周没有进展"
        )
        opened = [(await call("OpenSupervision", opening, FENG)).supervision for _ in range(2)]
        ids = [each.id for each in opened]
        asked = Actor("qian", opened[0].demands[0].unit, "dispatcher", COUNTY)
        lift = supervisions.LiftSupervisionRequest(
            supervision_id=ids[0], opinion="已查明", reason="另案处理"
        )
        await call("LiftSupervision", lift, FENG)
        ones = [supervisions.GetSupervisionRequest(supervision_id=each) for each in ids]
        for one in ones:
            assert (await call("GetSupervision", one, asked)).supervision.version
    await admin.execute("INSERT INTO dispute.untold_origins VALUES ($1)", about)
    async with (
        serving(database, a_city(), "workflow", "dispute") as home,
        calling(home, "workflow", SupervisionServiceStub) as call,
    ):

        async def told() -> bool:
            heard = "SELECT count(*) FROM workflow.journal WHERE kind = $1"
            kind = "liandong.supervision.origin_learnt.v1"
            left = "SELECT count(*) FROM workflow.untold_supervisions"
            return (await admin.fetchval(heard, kind), await admin.fetchval(left)) == (2, 0)

        await until(told)
        for one, closed in zip(ones, (True, False), strict=True):
            assert await call.refused("GetSupervision", one, asked) == "NO_SUCH_SUPERVISION"
            listing = supervisions.ListSupervisionsRequest(closed=closed)
            assert not (await call("ListSupervisions", listing, asked)).items
            shown = (await call("ListSupervisions", listing, FENG)).items
            assert [each.id for each in shown] == [one.supervision_id]
    await admin.execute("SET search_path TO workflow")
    assert [flaw async for flaw in forged(admin, "workflow", Keys(database.secret))] == []
    await admin.close()


async def test_what_is_not_open_yet_is_told_later(database: Installation) -> None:
    async with (
        serving(database, a_city(), "dispute", "workflow") as home,
        calling(home, "dispute", DisputeServiceStub) as call,
    ):
        dispute = await accepted(call, source="SOURCE_PETITION")
        await call("RouteDispute", pb.RouteDisputeRequest(dispute_id=dispute.id), DESK)
    admin = await asyncpg.connect(database.admin)
    await admin.execute("INSERT INTO dispute.untold_origins VALUES ($1)", dispute.id)
    async with serving(database, a_city(), "dispute"):  # workflow does not answer
        await asyncio.sleep(1.5)
    assert await admin.fetchval("SELECT count(*) FROM dispute.untold_origins") == 1
    await admin.close()

"""What units write about a need names the person no longer than the case does."""

from pathlib import Path
from typing import Any

from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1.population_service_pb2_grpc import PopulationServiceStub
from liandong.supervision.v1 import supervision_pb2 as supervisions
from liandong.supervision.v1 import supervision_service_pb2 as spb
from liandong.supervision.v1.supervision_service_pb2_grpc import SupervisionServiceStub
from services.population.own_keys import FORGOTTEN
from tests.cities import COUNTY, NORTH
from tests.installation import Installation
from tests.integration.population.test_forgetting import the_city_where_nothing_is_kept
from tests.integration.population.test_population_service import (
    AUDITOR,
    HEAD,
    LI,
    PERSON,
    received,
)
from tests.serving import Client, calling, everything_at_rest, serving

CLERK = Actor("zhou", "north", "clerk", NORTH)
FENG = Actor("feng", "county", "supervisor", COUNTY)
SAID = f"已上门看望{PERSON.name}，小明的电话{PERSON.contact}不通"
MASKED = "已上门看望欧***，小*的电话139****5678不通"
BLANK = "已上门看望＊，＊的电话＊不通"
GONE = f"已上门看望{FORGOTTEN}，{FORGOTTEN}的电话{FORGOTTEN}不通"
NEED = "需要就业培训，请联系13800138000"


async def worked_on(call: Client, work: Client, watch: Client) -> tuple[str, str, str]:
    """A case, the incident of its need, and a supervision of it; all were written about."""
    about = await received(call)
    asked = pb.RequestServiceRequest(care_case_id=about, text=NEED, category="theft")
    need = (await call("RequestService", asked, LI)).care_case.services[0].id
    await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=need), CLERK)
    report = flow.ReportProgressRequest(incident_id=need, text=SAID)
    await work("ReportProgress", report, CLERK)
    ask = spb.OpenSupervisionRequest(
        incident_ids=[need], level=supervisions.Supervision.LEVEL_GENERAL, reason=SAID
    )
    supervision = (await watch("OpenSupervision", ask, FENG)).supervision.id
    resolve = flow.ResolveIncidentRequest(incident_id=need, outcome="SOLVED", reply=SAID)
    await work("ResolveIncident", resolve, CLERK)
    return about, need, supervision


async def shown(work: Client, watch: Client, need: str, of: str, who: Actor) -> set[str]:
    """What a reader reads in the answers about the incident and its supervision."""
    get = flow.GetIncidentRequest(incident_id=need)
    incident = (await work("GetIncident", get, who)).incident
    page = await work("ListIncidents", flow.ListIncidentsRequest(), who)
    listed = [each.reply for each in page.items if each.id == need]
    timeline = await work("GetTimeline", flow.GetTimelineRequest(incident_id=need), who)
    told: list[Any] = [dict(each.facts) for each in timeline.items]
    asked = spb.GetSupervisionRequest(supervision_id=of)
    supervision = (await watch("GetSupervision", asked, who)).supervision
    words = {each.get("text") or each.get("reply") for each in told} - {None}
    return {incident.reply, supervision.reason, *listed, *words}


async def narratives(work: Client, need: str, who: Actor) -> str:
    get = flow.GetIncidentRequest(incident_id=need)
    return str((await work("GetIncident", get, who)).incident.narrative)


async def test_a_sealed_or_forgotten_person_is_named_nowhere(
    database: Installation, tmp_path: Path
) -> None:
    environ = {"LIANDONG_FORGOTTEN": str(tmp_path / "forgotten")}
    city = the_city_where_nothing_is_kept()
    async with (
        serving(database, city, "population", "workflow", environ=environ) as home,
        calling(home, "population", PopulationServiceStub) as call,
        calling(home, "workflow", IncidentServiceStub) as work,
        calling(home, "workflow", SupervisionServiceStub) as watch,
    ):
        about, need, of = await worked_on(call, work, watch)
        assert await narratives(work, need, CLERK) == NEED
        assert await shown(work, watch, need, of, CLERK) == {SAID}, "who works on it reads it"
        assert await shown(work, watch, need, of, AUDITOR) == {MASKED}
        for schema in ("population", "workflow"):
            stored = await everything_at_rest(database, schema)
            for plain in (PERSON.name, "小明", PERSON.contact, "13800138000", "139****"):
                assert plain not in stored, schema

        end = pb.EndCareCaseRequest(care_case_id=about, reason="期满")
        await call("EndCareCase", end, HEAD)
        await call("SealCareCase", pb.SealCareCaseRequest(care_case_id=about), HEAD)
        for who in (CLERK, AUDITOR):
            assert await shown(work, watch, need, of, who) == {BLANK}
        assert await narratives(work, need, CLERK) == "需要就业培训，请联系＊"

        forget = pb.ForgetPersonRequest(care_case_id=about, reason="保存期满")
        await call("ForgetPerson", forget, HEAD)
        for who in (CLERK, AUDITOR):
            assert await shown(work, watch, need, of, who) == {GONE}


async def test_without_the_service_of_care_nothing_is_written_and_what_was_is_masked(
    database: Installation,
) -> None:
    city = the_city_where_nothing_is_kept()
    async with (
        serving(database, city, "population", "workflow") as home,
        calling(home, "population", PopulationServiceStub) as call,
        calling(home, "workflow", IncidentServiceStub) as work,
        calling(home, "workflow", SupervisionServiceStub) as watch,
    ):
        _, need, of = await worked_on(call, work, watch)
    async with (
        serving(database, city, "workflow") as home,
        calling(home, "workflow", IncidentServiceStub) as work,
        calling(home, "workflow", SupervisionServiceStub) as watch,
    ):
        assert await shown(work, watch, need, of, CLERK) == {BLANK}
        rework = flow.ReworkIncidentRequest(incident_id=need, reason=SAID)
        assert await work.refused("ReworkIncident", rework, HEAD) == "UNKNOWN_REPEAT"
        assert PERSON.name not in await everything_at_rest(database, "workflow")

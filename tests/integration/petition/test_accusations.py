"""An accusation over real services: the accused, those below, and who watches, learn nothing."""

from typing import Any

import asyncpg
import pytest

from backbone.words.actor import Actor
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_events_pb2 import IncidentEvent
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1.petition_events_pb2 import PetitionEvent
from liandong.place.v1.place_pb2 import Place
from services.gateway.live.visibility import Scope, may_see, scope_of
from tests.cities import COUNTY, NORTH, SOUTH
from tests.installation import Installation
from tests.integration.petition.conftest import OFFICE
from tests.serving import Client

LIN = Actor("lin", "discipline", "clerk", COUNTY)
OUTSIDERS = [
    Actor("zhou", "north", "leader", NORTH),
    Actor("li", "north", "clerk", NORTH),
    Actor("wu", "box", "clerk", NORTH),
    Actor("hu", "box", "leader", NORTH),
    Actor("sun", "county", "leader", COUNTY),
    Actor("zhao", "command", "dispatcher", COUNTY),
    Actor("shen", "north", "auditor", COUNTY),
    Actor("gao", "county", "operator", COUNTY),
]
AUDITOR = Actor("shen", "county", "auditor", COUNTY)
TOPICS = {"petition": PetitionEvent, "incident": IncidentEvent}


async def registered(
    call: Client, by: Actor = OFFICE, against_unit: str = "north", against: str = "所长"
) -> resources.Petition:
    request = pb.RegisterPetitionRequest(
        channel="CHANNEL_LETTER",
        subject="所长收受好处",
        text="派出所所长收受商户好处",
        petitioners=[resources.Petitioner(name="欧阳小明", contact="13912345678")],
        place=Place(text="gate", area=NORTH),
        category="theft",
        against=against,
        against_unit=against_unit,
    )
    petition: resources.Petition = (await call("RegisterPetition", request, by)).petition
    return petition


async def routed(call: Client) -> str:
    petition = await registered(call)
    accept = pb.AcceptPetitionRequest(petition_id=petition.id, kind="KIND_ACCUSATION")
    await call("AcceptPetition", accept, OFFICE)
    for accused in ("north", "box"):
        wrong = pb.RoutePetitionRequest(petition_id=petition.id, to_unit=accused)
        assert await call.refused("RoutePetition", wrong, OFFICE) == "ACCUSED_UNIT"
    route = pb.RoutePetitionRequest(petition_id=petition.id, to_unit="discipline")
    incident = (await call("RoutePetition", route, OFFICE)).petition.incident
    assert (incident.state, incident.unit) == ("OFFERED", "discipline")
    return petition.id


async def test_no_read_shows_it_to_an_outsider(call: Client, work: Client) -> None:
    about = await routed(call)
    await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=about), LIN)
    one = {"incident_id": about}
    for who in OUTSIDERS:
        asked = pb.GetPetitionRequest(petition_id=about)
        assert await call.refused("GetPetition", asked, who) == "NO_SUCH_PETITION"
        found = await call("ListPetitions", pb.ListPetitionsRequest(count=True), who)
        assert (list(found.items), found.total_size) == ([], 0)
        for method, request in (
            ("GetIncident", flow.GetIncidentRequest(**one)),
            ("GetTimeline", flow.GetTimelineRequest(**one)),
            ("ListClocks", flow.ListClocksRequest(**one)),
            ("ExplainRoute", flow.ExplainRouteRequest(**one)),
        ):
            assert await work.refused(method, request, who) == "NO_SUCH_INCIDENT"
        for inbox in (False, True):
            request = flow.ListIncidentsRequest(inbox=inbox, count=True)
            listed = await work("ListIncidents", request, who)
            assert (list(listed.items), listed.total_size) == ([], 0)
    for who in (OFFICE, LIN):
        seen = (await work("GetIncident", flow.GetIncidentRequest(**one), who)).incident
        assert (seen.title, seen.category) == ("所长收受好处", "accusation")
        listed = await work("ListIncidents", flow.ListIncidentsRequest(count=True), who)
        assert listed.total_size == 1


@pytest.mark.parametrize("accepted", [False, True], ids=["registered", "accepted"])
async def test_somebody_is_accused_though_no_unit_is_named(call: Client, accepted: bool) -> None:
    petition = await registered(call, against_unit="")
    if accepted:
        accept = pb.AcceptPetitionRequest(petition_id=petition.id, kind="KIND_ACCUSATION")
        await call("AcceptPetition", accept, OFFICE)
    asked = pb.GetPetitionRequest(petition_id=petition.id)
    for who in (each for each in OUTSIDERS if each.role != "auditor"):
        assert await call.refused("GetPetition", asked, who) == "NO_SUCH_PETITION"
        listed = await call("ListPetitions", pb.ListPetitionsRequest(count=True), who)
        assert listed.total_size == 0
    assert (await call("GetPetition", asked, OFFICE)).petition.id == petition.id


async def test_nobody_sends_it_there_and_no_outsider_moves_it(call: Client, work: Client) -> None:
    one = {"incident_id": await routed(call)}
    await work("ClaimIncident", flow.ClaimIncidentRequest(**one), LIN)
    for accused in ("north", "box"):
        offer = flow.HandOffIncidentRequest(**one, to_unit=accused, reason="x")
        assert await work.refused("HandOffIncident", offer, LIN) == "ACCUSED_UNIT"
        designate = flow.DesignateUnitRequest(**one, to_unit=accused, reason="x")
        head = Actor("ma", "office", "head", COUNTY)
        assert await work.refused("DesignateUnit", designate, head) == "ACCUSED_UNIT"
    moves: list[tuple[str, Any]] = [
        ("AssignIncident", flow.AssignIncidentRequest(**one, unit="box", instruction="x")),
        ("AssignIncident", flow.AssignIncidentRequest(**one, unit="south", instruction="x")),
        ("DesignateUnit", flow.DesignateUnitRequest(**one, to_unit="south", reason="x")),
        ("VerifyIncident", flow.VerifyIncidentRequest(**one, solved="YES")),
        ("VoidIncident", flow.VoidIncidentRequest(**one, reason="HOAX")),
        ("ClaimIncident", flow.ClaimIncidentRequest(**one)),
    ]
    for who in OUTSIDERS:
        for method, request in moves:
            assert await work.refused(method, request, who) == "NO_SUCH_INCIDENT"
    for method, request in moves:
        assert await work.refused(method, request, AUDITOR) == "ROLE_MAY_NOT"


async def test_the_auditor_reads_it_and_moves_nothing(call: Client, work: Client) -> None:
    about = await routed(call)
    read = await call("GetPetition", pb.GetPetitionRequest(petition_id=about), AUDITOR)
    assert read.petition.id == about
    assert (await call("ListPetitions", pb.ListPetitionsRequest(count=True), AUDITOR)).total_size
    found = await work("GetIncident", flow.GetIncidentRequest(incident_id=about), AUDITOR)
    assert found.incident.narrative
    reveal = pb.RevealPetitionerRequest(petition_id=about)
    assert await call.refused("RevealPetitioner", reveal, AUDITOR) == "PURPOSE_MISSING"


async def test_no_event_of_it_is_shown_to_an_outsider(
    call: Client, work: Client, database: Installation
) -> None:
    about = await routed(call)
    await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=about), LIN)
    scopes = [
        *await scopes_of(database, "petition", "petition"),
        *await scopes_of(database, "workflow", "incident"),
    ]
    assert len(scopes) == 3 + 4, "registered, accepted, routed; opened, routed, offered, claimed"
    for who in OUTSIDERS:
        assert not any(may_see(who, scope) for scope in scopes)
    assert all(may_see(OFFICE, scope) for scope in scopes)


async def scopes_of(database: Installation, schema: str, source: str) -> list[Scope]:
    """What the gateway reads of every event that the service has ever published."""
    conn = await asyncpg.connect(database.admin)
    rows = await conn.fetch(f"SELECT payload FROM {schema}.journal ORDER BY position")
    await conn.close()
    events = [TOPICS[source].FromString(row["payload"]) for row in rows]
    return [scope_of(source, event.meta) for event in events]


async def test_another_desk_is_told_of_no_petition_that_it_may_not_read(call: Client) -> None:
    """Whoever knows a person's number would learn whether, and of what, that person complains."""

    async def told(by: Actor) -> list[str]:
        petition = await registered(call, by, against_unit="", against="")
        return [each.code for each in petition.repeats]

    desk = Actor("bai", "command", "receptionist", COUNTY, line="command")
    first = (await registered(call, desk, against_unit="", against="")).code
    assert await told(desk) == [first]
    for role in ("receptionist", "clerk", "head"):
        assert await told(Actor("qi", f"roads {role}", role, NORTH, line="urban_management")) == []
    office = Actor("shen", "office", "clerk", COUNTY, line="petition_office")
    assert first in await told(office), "an office finds who was elsewhere before"
    assert await told(Actor("lu", "south", "clerk", SOUTH, line="petition_office")) == []


async def test_the_desk_of_the_accused_is_told_of_no_earlier_petition(call: Client) -> None:
    first = await registered(call)
    again = await registered(call, by=Actor("qi", "north", "receptionist", NORTH))
    assert not again.repeats
    assert [each.code for each in (await registered(call)).repeats] == [first.code]

"""A correction of a petition over real services: its incident hears, personal data stays sealed."""

from msgspec.structs import replace

from backbone.words.actor import Actor
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.place.v1.place_pb2 import Place
from tests.cities import COUNTY, NORTH, SOUTH
from tests.installation import Installation
from tests.integration.petition.conftest import OFFICE
from tests.serving import Client, everything_at_rest

LI = Actor("li", "north", "clerk", NORTH)
NAME, PHONE, CARD = "欧阳小明", "13912345678", "990101199001011234"
WRONG, RIGHT = "13900000000", "13987654321"


async def routed(call: Client) -> str:
    person = resources.Petitioner(name="欧阳", contact=WRONG, id_number=CARD)
    request = pb.RegisterPetitionRequest(
        channel="CHANNEL_VISIT",
        subject="路灯不亮",
        text=f"{NAME}说门前的路灯坏了",
        petitioners=[person],
        place=Place(text="gate", area=NORTH),
        category="theft",
    )
    about = str((await call("RegisterPetition", request, OFFICE)).petition.id)
    accept = pb.AcceptPetitionRequest(
        petition_id=about, kind="KIND_CLAIM", lawful_channel="LAWFUL_CHANNEL_PETITION"
    )
    await call("AcceptPetition", accept, OFFICE)
    await call("RoutePetition", pb.RoutePetitionRequest(petition_id=about), OFFICE)
    return about


async def amended(call: Client, about: str, key: str = "", **said: object) -> resources.Petition:
    request = pb.AmendPetitionRequest(petition_id=about, **said)  # type: ignore[arg-type]
    petition: resources.Petition = (await call("AmendPetition", request, OFFICE, key)).petition
    return petition


async def seen(work: Client, about: str, who: Actor = OFFICE) -> incidents.Incident:
    request = flow.GetIncidentRequest(incident_id=about)
    found: incidents.Incident = (await work("GetIncident", request, who)).incident
    return found


async def test_the_incident_hears_a_correction_and_is_moved_nowhere(
    call: Client, work: Client
) -> None:
    about = await routed(call)
    before = await seen(work, about)
    await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=about), LI)
    place = Place(text="桥头", area=SOUTH)
    first = await amended(call, about, "amend", subject="灯杆倒了", place=place)
    assert (first.subject, first.place.text, first.category) == ("灯杆倒了", "桥头", "theft")
    after = await seen(work, about)
    assert (after.title, after.place.text, after.place.area) == ("灯杆倒了", "桥头", SOUTH)
    assert (after.unit, after.suggested.unit) == (before.unit, "south"), "offered, not moved"
    again = await amended(call, about, "amend", subject="灯杆倒了", place=place)
    assert call.trailing["liandong-replayed"] == "true"
    assert again.subject == first.subject
    assert (await seen(work, about)).version == after.version
    await amended(call, about, subject="灯杆")
    timeline = await work("GetTimeline", flow.GetTimelineRequest(incident_id=about), OFFICE)
    assert list(timeline.items[-1].facts["changed"]) == ["title"]


async def test_a_petitioner_is_corrected_in_part_and_every_text_is_masked_anew(
    call: Client, work: Client, database: Installation
) -> None:
    about = await routed(call)
    change = pb.PetitionerChange(name=NAME, contact=RIGHT)
    petition = await amended(call, about, petitioners=[change])
    shown = petition.petitioners[0]
    assert (shown.name, shown.contact) == ("欧***", "139****4321")
    reveal = pb.RevealPetitionerRequest(petition_id=about)
    [person] = (await call("RevealPetitioner", reveal, OFFICE, purpose="送达")).petitioners
    assert (person.name, person.contact, person.id_number) == (NAME, RIGHT, CARD)
    report = flow.ReportProgressRequest(incident_id=about, text=f"已联系{NAME}")
    await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=about), LI)
    await work("ReportProgress", report, LI)
    leader = Actor("sun", "county", "leader", COUNTY)
    assert NAME not in (await seen(work, about, leader)).narrative
    for schema in ("petition", "workflow"):
        journal = await everything_at_rest(database, schema)
        late = journal[journal.rfind("PetitionAmended") :] if schema == "petition" else journal
        assert RIGHT not in journal and f"已联系{NAME}" not in late


async def test_a_petition_that_says_the_same_already_keeps_its_version(
    call: Client, work: Client
) -> None:
    """Also with its sealed parts, of which no two seals are alike, and by another person."""
    about = await routed(call)
    change = pb.PetitionerChange(number=1, name=NAME, contact=RIGHT, id_number=CARD)
    said = {"petitioners": [change], "subject": "灯杆倒了"}
    first, incident = await amended(call, about, **said), await seen(work, about)
    again = await amended(call, about, **said)
    request = pb.AmendPetitionRequest(petition_id=about, **said)  # type: ignore[arg-type]
    other = (await call("AmendPetition", request, replace(OFFICE, user="qian"))).petition
    assert first.version == again.version == other.version
    assert (await seen(work, about)).version == incident.version
    change.contact = WRONG
    assert (await amended(call, about, **said)).version == first.version + 1


async def test_who_showed_the_card_of_a_wrong_number_gets_no_pin(call: Client) -> None:
    about = await routed(call)
    other = "990101198001015678"
    await amended(call, about, petitioners=[pb.PetitionerChange(id_number=other)])
    wrong = pb.ReissuePinRequest(petition_id=about, id_number=CARD)
    assert await call.refused("ReissuePin", wrong, OFFICE) == "IDENTITY_MISMATCH"
    right = pb.ReissuePinRequest(petition_id=about, id_number=other)
    assert (await call("ReissuePin", right, OFFICE)).petition.pin


async def test_a_unit_that_is_accused_only_now_loses_the_incident(
    call: Client, work: Client
) -> None:
    about = await routed(call)
    await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=about), LI)
    said = {"against_unit": "north", "reason": "来人补充举报材料"}
    found = await amended(call, about, **said)
    assert (found.kind, found.category) == (resources.KIND_ACCUSATION, "accusation")
    asked = flow.GetIncidentRequest(incident_id=about)
    assert await work.refused("GetIncident", asked, LI) == "NO_SUCH_INCIDENT"
    petition = pb.GetPetitionRequest(petition_id=about)
    assert await call.refused("GetPetition", petition, LI) == "NO_SUCH_PETITION"
    incident = await seen(work, about)
    assert (incident.state, incident.unit) == (incidents.Incident.STATE_TRIAGE, "")
    gone = pb.AmendPetitionRequest(petition_id=about, against_unit="", reason="撤回")
    assert await call.refused("AmendPetition", gone, OFFICE) == "ACCUSATION_STAYS"

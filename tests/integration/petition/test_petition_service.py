"""Petitions over gRPC and a real database: repeats, seals, scope, the PIN; works without Kafka."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from backbone.words.actor import Actor
from liandong.incident.v1 import incident_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1.petition_service_pb2_grpc import PetitionServiceStub
from liandong.place.v1.place_pb2 import Place
from operate.admin import topics
from services.petition.tracking import Limits
from tests.cities import COUNTY, NORTH, SOUTH, a_city
from tests.installation import Installation
from tests.servers import Broker
from tests.serving import Client, Home, calling, everything_at_rest, serving, until

DESK = Actor("zhao", "command", "receptionist", COUNTY)
LI, CHEN = Actor("li", "north", "clerk", NORTH), Actor("chen", "south", "clerk", SOUTH)
LEADER = Actor("sun", "county", "leader", COUNTY)
NAME, PHONE, NUMBER = "欧阳小明", "13912345678", "990101199001011234"


def a_request(**more: object) -> pb.RegisterPetitionRequest:
    given: dict[str, object] = {
        "channel": "CHANNEL_LETTER",
        "subject": "路灯不亮",
        "text": "小区门前的路灯坏了三个月没有人修",
        "petitioners": [resources.Petitioner(name=NAME, contact=PHONE, id_number=NUMBER)],
        "place": Place(text="gate", area=NORTH),
        "category": "theft",
        "against": "某物业公司",
        **more,
    }
    return pb.RegisterPetitionRequest(**given)


@pytest.fixture
async def home(database: Installation) -> AsyncIterator[Home]:
    async with serving(database, a_city(), "petition") as home:
        yield home


async def registered(call: Client, key: str = "", **more: object) -> resources.Petition:
    response = await call("RegisterPetition", a_request(**more), DESK, key)
    petition: resources.Petition = response.petition
    return petition


async def accepted(call: Client, **more: object) -> resources.Petition:
    petition = await registered(call, **more)
    accept = pb.AcceptPetitionRequest(
        petition_id=petition.id, kind="KIND_CLAIM", lawful_channel="LAWFUL_CHANNEL_PETITION"
    )
    response = await call("AcceptPetition", accept, DESK)
    return response.petition  # type: ignore[no-any-return]


async def test_a_repeated_registration_is_the_same(call: Client) -> None:
    first = await registered(call, "row 1")
    assert call.trailing["liandong-replayed"] == "false"
    again = await registered(call, "row 1")
    assert call.trailing["liandong-replayed"] == "true"
    assert again == first
    assert len(first.pin) == 8 and first.code[13] == "1"
    assert (
        await call.refused("RegisterPetition", a_request(subject="别的"), DESK, "row 1")
        == "IDEMPOTENCY_KEY_REUSED"
    )


async def test_personal_data_is_sealed_at_rest_and_masked_in_answers(
    call: Client, database: Installation
) -> None:
    petition = await registered(call)
    shown = petition.petitioners[0]
    assert (shown.name, shown.contact) == ("欧***", "139****5678")
    assert petition.against == "某*****"[: len("某物业公司")]
    request = pb.RevealPetitionerRequest(petition_id=petition.id)
    revealed = await call("RevealPetitioner", request, DESK, purpose="送达答复")
    assert revealed.petitioners[0] == a_request().petitioners[0]
    assert revealed.against == "某物业公司"
    assert await call.refused("RevealPetitioner", request, DESK) == "PURPOSE_MISSING"
    stored = await everything_at_rest(database, "petition")
    assert petition.subject in stored and "送达答复" in stored
    for plain in (NAME, PHONE, NUMBER, "某物业公司", petition.pin):
        assert plain not in stored


async def test_a_repeated_reveal_is_judged_anew(call: Client) -> None:
    petition = await registered(call, against="")
    request = pb.RevealPetitionerRequest(petition_id=petition.id)
    first = await call("RevealPetitioner", request, DESK, "look", purpose="送达答复")
    again = await call("RevealPetitioner", request, DESK, "look", purpose="送达答复")
    assert (again, call.trailing["liandong-replayed"]) == (first, "true")
    moved = Actor("zhao", "south", "clerk", SOUTH)
    assert await call.refused("RevealPetitioner", request, moved, "look") == "NO_SUCH_PETITION"
    promoted = Actor("zhao", "county", "leader", COUNTY)
    assert await call.refused("RevealPetitioner", request, promoted, "look") == "ROLE_MAY_NOT"


async def test_the_first_answer_comes_again_after_the_petition_went_on(call: Client) -> None:
    petition = await registered(call)
    accept = pb.AcceptPetitionRequest(petition_id=petition.id, kind="KIND_ADVICE")
    first = await call("AcceptPetition", accept, DESK, "accept")
    reply = pb.ReplyPetitionRequest(petition_id=petition.id, reply="已转有关部门研究")
    await call("ReplyPetition", reply, DESK)
    again = await call("AcceptPetition", accept, DESK, "accept")
    assert (again, call.trailing["liandong-replayed"]) == (first, "true")
    assert again.petition.state == resources.Petition.STATE_ACCEPTED


async def test_who_may_see_it(call: Client) -> None:
    petition = await registered(call, against="")
    asked = pb.GetPetitionRequest(petition_id=petition.id)
    for who in (DESK, LEADER):
        assert (await call("GetPetition", asked, who)).petition.code == petition.code
    for who in (LI, CHEN, Actor("", "", "leader", "")):
        assert await call.refused("GetPetition", asked, who) == "NO_SUCH_PETITION"
        found = await call("ListPetitions", pb.ListPetitionsRequest(count=True), who)
        assert (list(found.items), found.total_size) == ([], 0)
    nobody = pb.GetPetitionRequest(petition_id="not an id")
    assert await call.refused("GetPetition", nobody, DESK) == "NO_SUCH_PETITION"


async def test_the_unit_complained_of_never_sees_an_accusation(call: Client) -> None:
    petition = await registered(call, against_unit="county")
    asked = pb.GetPetitionRequest(petition_id=petition.id)
    assert await call.refused("GetPetition", asked, LEADER) == "NO_SUCH_PETITION"
    other = Actor("wu", "elsewhere", "leader", COUNTY)
    assert await call.refused("GetPetition", asked, other) == "NO_SUCH_PETITION"
    claim = await accepted(call, against_unit="county")
    asked = pb.GetPetitionRequest(petition_id=claim.id)
    for who in (LEADER, other):
        assert (await call("GetPetition", asked, who)).petition.code == claim.code


async def test_pages_and_filters(call: Client) -> None:
    codes = [(await registered(call, subject=f"第{n}件")).code for n in range(5)]
    seen, token = [], ""
    while True:
        page = pb.ListPetitionsRequest(page_size=2, page_token=token, count=True)
        found = await call("ListPetitions", page, DESK)
        assert found.total_size == 5
        seen += [item.code for item in found.items]
        token = found.next_page_token
        if not token:
            break
    assert seen == codes[::-1]
    for filters, expected in (
        ({"code": codes[3]}, 1),
        ({"state": "STATE_REGISTERED", "channel": "CHANNEL_LETTER"}, 5),
        ({"state": "STATE_CLOSED"}, 0),
        ({"category": "theft", "desk": "command"}, 5),
        ({"kind": "KIND_ADVICE"}, 0),
    ):
        found = await call("ListPetitions", pb.ListPetitionsRequest(**filters), DESK)
        assert len(found.items) == expected, filters
    bad = pb.ListPetitionsRequest(page_token="no token")
    assert await call.refused("ListPetitions", bad, DESK) == "BAD_PAGE_TOKEN"


async def test_repeats_of_the_same_person_are_suggested(call: Client) -> None:
    first = await registered(call)
    await registered(call, petitioners=[resources.Petitioner(name="别人", contact="1")])
    second = await registered(call, text="小区门前的路灯坏了四个月还是没有人修")
    assert [repeat.code for repeat in second.repeats] == [first.code]
    assert list(second.repeats[0].reasons) == ["SAME_PETITIONER", "SIMILAR_TEXT"]


async def test_it_enters_the_flow_without_kafka(database: Installation) -> None:
    async with (
        serving(database, a_city(), "petition", "workflow") as home,
        calling(home, "petition", PetitionServiceStub) as call,
    ):
        petition = await accepted(call)
        route = pb.RoutePetitionRequest(petition_id=petition.id)
        incident = (await call("RoutePetition", route, DESK, "r")).petition.incident
        assert (incident.id, incident.code) == (petition.id, petition.code)
        assert (incident.state, incident.unit, incident.version) == ("OFFERED", "north", 3)
        again = (await call("RoutePetition", route, DESK, "r")).petition
        assert again.incident.id == incident.id


async def test_a_citizen_follows_with_code_and_pin(call: Client) -> None:
    nobody = Actor("")
    petition = await registered(call)
    petition_id, code, pin = petition.id, petition.code, petition.pin
    accept = pb.AcceptPetitionRequest(petition_id=petition_id, kind="KIND_ADVICE")
    await call("AcceptPetition", accept, DESK)
    for text, public in (("内部会商", False), ("已派人查看", True)):
        progress = pb.RecordProgressRequest(petition_id=petition_id, text=text, public=public)
        await call("RecordProgress", progress, DESK)
    ask = pb.TrackPetitionRequest(code=code, pin=pin)
    tracked = (await call("TrackPetition", ask, nobody)).petition
    assert [step.text for step in tracked.progress] == ["已派人查看"]
    assert (tracked.state, tracked.handling_unit) == (resources.Petition.STATE_ACCEPTED, "command")
    wrong = pb.TrackPetitionRequest(code=code, pin="00000000" if pin != "00000000" else "1")
    reasons = [await call.refused("TrackPetition", wrong, nobody) for _ in range(6)]
    assert reasons == ["NO_SUCH_CODE"] * 5 + ["TRACKING_LOCKED"]
    assert await call.refused("TrackPetition", ask, nobody) == "TRACKING_LOCKED"
    missing = pb.TrackPetitionRequest(code="990101260101-100001-0", pin=pin)
    unknown = [await call.refused("TrackPetition", missing, nobody) for _ in range(6)]
    assert unknown == reasons, "the answers do not tell which codes there are"
    elsewhere = (await call("TrackPetition", ask, nobody, address="203.0.113.9")).petition
    assert elsewhere.code == code, "who guesses is locked, not the petitioner"
    endless = pb.TrackPetitionRequest(code="9" * 1_000, pin=pin)
    assert [await call.refused("TrackPetition", endless, nobody) for _ in range(6)] == (
        ["NO_SUCH_CODE"] * 6
    )


async def test_code_and_pin_are_read_in_every_form_and_very_many_guessers_lock_a_code(
    call: Client,
) -> None:
    nobody, petition = Actor(""), await registered(call)
    code, pin = petition.code, petition.pin
    wide = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
    forms = (code.replace("-", ""), code.translate(wide), f" {code.replace('-', '—')} ")
    pins = (pin, pin.translate(wide), f"{pin[:3]} {pin[3:]}\u200b")
    for form, said in zip(forms, pins, strict=True):
        ask = pb.TrackPetitionRequest(code=form, pin=said)
        assert (await call("TrackPetition", ask, nobody)).petition.code == code
        listed = await call("ListPetitions", pb.ListPetitionsRequest(code=form), DESK)
        assert [each.code for each in listed.items] == [code]
    guessed = [
        await call.refused(
            "TrackPetition",
            pb.TrackPetitionRequest(code=code, pin=f"{each}"),
            nobody,
            address=f"203.0.113.{each}",
        )
        for each in range(Limits().code_attempts + 1)
    ]
    assert guessed == ["NO_SUCH_CODE"] * Limits().code_attempts + ["TRACKING_LOCKED"]


async def test_the_same_person_is_known_in_every_form(call: Client) -> None:
    card, number = "11010519491231002X", "13911112222"
    people = [resources.Petitioner(name="赵某", id_number=card, contact=number)]
    await registered(call, petitioners=people)
    for other in (
        resources.Petitioner(name="赵某", id_number=card.lower()),
        resources.Petitioner(name="赵某", id_number=f"{card[:6]} {card[6:]}"),
        resources.Petitioner(name="赵某", contact="+86 139-1111-2222"),
        resources.Petitioner(name="赵某", contact="0571-88001234 / 139 1111 2222"),
        resources.Petitioner(name="赵某", contact="13911112222（本人）"),
        resources.Petitioner(name="赵某", contact="13800138000，13911112222"),
        resources.Petitioner(name="赵某", contact="一三九一一一一二二二二"),
        resources.Petitioner(name="赵某", id_number=f"身份证{card}"),
    ):
        [found, *_] = (await registered(call, petitioners=[other])).repeats
        assert "SAME_PETITIONER" in found.reasons and found.state == "REGISTERED"


async def test_it_follows_its_incident_over_kafka(database: Installation, broker: Broker) -> None:
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    async with (
        serving(database, a_city(), "petition", "workflow", brokers=broker.address) as home,
        calling(home, "petition", PetitionServiceStub) as call,
        calling(home, "workflow", IncidentServiceStub) as work,
    ):
        foreign = incidents.Matter(
            id=str(uuid4()),
            code="x",
            source="ALARM",
            title="theft",
            desk="command",
            to_unit="north",
        )
        await work("OpenIncident", flow.OpenIncidentRequest(matter=foreign), DESK)
        petition = await accepted(call)
        route = pb.RoutePetitionRequest(petition_id=petition.id)
        version = (await call("RoutePetition", route, DESK)).petition.incident.version
        assert version == 3
        about = petition.id
        await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=about), LI)
        report = flow.ReportProgressRequest(incident_id=about, text="灯杆已到货", public=True)
        await work("ReportProgress", report, LI)
        reply = pb.ReplyPetitionRequest(petition_id=about)

        async def now_at(state: str) -> resources.Petition | None:
            asked = pb.GetPetitionRequest(petition_id=about)
            found: resources.Petition = (await call("GetPetition", asked, DESK)).petition
            return found if found.incident.state == state else None

        held = await until(lambda: now_at("HANDLING"))
        assert (held.incident.unit, held.incident.holder) == ("north", "li")
        assert [step.text for step in held.progress] == ["灯杆已到货"]
        assert await call.refused("ReplyPetition", reply, DESK) == "NOT_RESOLVED"
        resolve = flow.ResolveIncidentRequest(
            incident_id=about, outcome="SOLVED", reply="路灯已修好"
        )
        await work("ResolveIncident", resolve, LI)
        await until(lambda: now_at("RESOLVED"))
        replied = (await call("ReplyPetition", reply, LI)).petition
        assert (replied.state, replied.reply) == (resources.Petition.STATE_REPLIED, "路灯已修好")
        close = pb.ClosePetitionRequest(petition_id=about)
        assert (await call("ClosePetition", close, DESK)).petition.close_time.seconds
    kept = await everything_at_rest(database, "petition")
    assert about in kept and foreign.id not in kept, "the incidents of others leave no trace"

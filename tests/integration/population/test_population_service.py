"""Care over gRPC and a real database: seals, the few who see it, clocks; links over Kafka."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.city import Person as Known
from liandong.incident.v1 import incident_service_pb2 as flow
from liandong.incident.v1.incident_service_pb2_grpc import IncidentServiceStub
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1.population_service_pb2_grpc import PopulationServiceStub
from operate.admin import topics
from tests.cities import COUNTY, NORTH, SOUTH, a_city
from tests.installation import Installation
from tests.servers import Broker
from tests.serving import Client, Home, calling, everything_at_rest, serving, until

SENDER = Actor("qian", "county", "clerk", COUNTY)
HEAD = Actor("sun", "north", "head", NORTH)
LI, WANG = Actor("li", "north", "care_worker", NORTH), Actor("wang", "north", "care_worker", NORTH)
PERSON = resources.Person(name="欧阳小明", id_number="990101199001011234", contact="13912345678")
STRANGERS = [
    WANG,
    Actor("zhao", "command", "dispatcher", COUNTY),
    Actor("wu", "county", "leader", COUNTY),
    Actor("audit", "south", "auditor", SOUTH),
]
AUDITOR = Actor("audit", "county", "auditor", COUNTY)


def the_city() -> City:
    people = {u: Known(u, u, "north", ("care_worker",), "", demo=False) for u in ("li", "wang")}
    return replace(a_city(), people=people)


def in_the_future(**by: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC) + timedelta(**by))
    return stamp


def a_request(**more: object) -> pb.RegisterCareCaseRequest:
    given: dict[str, object] = {
        "programme": "PROGRAMME_COMMUNITY_CORRECTION",
        "legal_basis": "执行通知书1号",
        "person": PERSON,
        "to_unit": "north",
        **more,
    }
    return pb.RegisterCareCaseRequest(**given)


@pytest.fixture
async def home(database: Installation) -> AsyncIterator[Home]:
    async with serving(database, the_city(), "population", "workflow") as home:
        yield home


@pytest.fixture
async def call(home: Home) -> AsyncIterator[Client]:
    async with calling(home, "population", PopulationServiceStub) as client:
        yield client


async def received(call: Client, **more: object) -> str:
    case = (await call("RegisterCareCase", a_request(**more), SENDER)).care_case
    receive = pb.ReceiveCareCaseRequest(care_case_id=case.id, care_workers=["li"])
    await call("ReceiveCareCase", receive, HEAD)
    return str(case.id)


async def test_whom_it_concerns_is_sealed_at_rest(call: Client, database: Installation) -> None:
    about = await received(call)
    plan = pb.PlanVisitRequest(
        care_case_id=about, activity="ACTIVITY_FAMILY_VISIT", due_time=in_the_future(days=1)
    )
    visit = (await call("PlanVisit", plan, LI)).care_case.visits[0]
    record = pb.RecordVisitRequest(care_case_id=about, visit_id=visit.id, finding="身体尚可")
    case = (await call("RecordVisit", record, LI)).care_case
    assert (case.person.name, case.visits[0].finding) == ("欧***", "身体尚可")
    reveal = pb.RevealPersonRequest(care_case_id=about)
    assert (await call("RevealPerson", reveal, LI, purpose="上门走访")).person == PERSON
    assert await call.refused("RevealPerson", reveal, LI) == "PURPOSE_MISSING"
    stored = await everything_at_rest(database, "population")
    assert "执行通知书1号" in stored and "上门走访" in stored
    for plain in (PERSON.name, PERSON.id_number, PERSON.contact, "身体尚可"):
        assert plain not in stored


async def test_what_a_visit_found_names_the_person_to_those_who_care_alone(call: Client) -> None:
    about = await received(call)
    plan = pb.PlanVisitRequest(
        care_case_id=about, activity="ACTIVITY_FAMILY_VISIT", due_time=in_the_future(days=1)
    )
    visit = (await call("PlanVisit", plan, LI)).care_case.visits[0]
    finding = f"{PERSON.name}在家，欧阳大哥的电话{PERSON.contact}"
    record = pb.RecordVisitRequest(care_case_id=about, visit_id=visit.id, finding=finding)
    assert (await call("RecordVisit", record, LI)).care_case.visits[0].finding == finding
    asked = pb.GetCareCaseRequest(care_case_id=about)
    [seen] = (await call("GetCareCase", asked, AUDITOR)).care_case.visits
    [case] = (await call("ListCareCases", pb.ListCareCasesRequest(), AUDITOR)).items
    for shown in (seen.finding, case.visits[0].finding):
        assert shown.startswith("欧***在家，欧*") and shown.endswith("5678")
        assert PERSON.name not in shown and PERSON.contact not in shown


async def test_only_the_entrusted_see_it(call: Client) -> None:
    about = await received(call)
    asked, listed = pb.GetCareCaseRequest(care_case_id=about), pb.ListCareCasesRequest(count=True)
    for who in (LI, HEAD):
        assert (await call("GetCareCase", asked, who)).care_case.care_workers == ["li"]
        assert (await call("ListCareCases", listed, who)).total_size == 1
    for who in STRANGERS:
        assert await call.refused("GetCareCase", asked, who) == "NO_SUCH_CARE_CASE"
        found = await call("ListCareCases", listed, who)
        assert (list(found.items), found.total_size) == ([], 0)
    audited = (await call("GetCareCase", asked, AUDITOR)).care_case
    assert audited.person.name == "欧***", "an auditor of the area reads it masked"
    assert (await call("ListCareCases", listed, AUDITOR)).total_size == 1
    sent = (await call("GetCareCase", asked, SENDER)).care_case
    assert (sent.state, sent.receive_time.seconds > 0) == (resources.CareCase.STATE_ACTIVE, True)
    assert not sent.care_workers, "who handed over sees that the person was met, not the care"
    entrust = pb.EntrustCareCaseRequest(care_case_id=about, care_workers=["wang"])
    await call("EntrustCareCase", entrust, HEAD)
    assert await call.refused("GetCareCase", asked, LI) == "NO_SUCH_CARE_CASE"


async def test_a_sealed_person_is_shown_to_nobody(call: Client) -> None:
    about = await received(call)
    await call("EndCareCase", pb.EndCareCaseRequest(care_case_id=about, reason="期满"), HEAD)
    case = (await call("SealCareCase", pb.SealCareCaseRequest(care_case_id=about), HEAD)).care_case
    assert case.person == resources.Person()
    reveal = pb.RevealPersonRequest(care_case_id=about)
    assert await call.refused("RevealPerson", reveal, HEAD) == "INVALID_TRANSITION"


async def test_a_repeated_reveal_is_for_those_who_may_still_see(call: Client) -> None:
    about = await received(call)
    reveal, purpose = pb.RevealPersonRequest(care_case_id=about), {"purpose": "上门走访"}
    first = await call("RevealPerson", reveal, LI, key="once", **purpose)
    assert first.person == PERSON
    assert await call("RevealPerson", reveal, LI, key="once", **purpose) == first
    assert call.trailing["liandong-replayed"] == "true"
    entrust = pb.EntrustCareCaseRequest(care_case_id=about, care_workers=["wang"])
    await call("EntrustCareCase", entrust, HEAD)
    assert await call.refused("RevealPerson", reveal, LI, "once") == "NO_SUCH_CARE_CASE"
    by_head = await call("RevealPerson", reveal, HEAD, key="head", **purpose)
    assert by_head.person == PERSON
    await call("EndCareCase", pb.EndCareCaseRequest(care_case_id=about, reason="期满"), HEAD)
    await call("SealCareCase", pb.SealCareCaseRequest(care_case_id=about), HEAD)
    assert await call.refused("RevealPerson", reveal, HEAD, "head") == "INVALID_TRANSITION"


async def test_a_repeat_gets_the_first_answer_while_its_caller_may_see_the_case(
    call: Client,
) -> None:
    about = await received(call)
    plan = pb.PlanVisitRequest(
        care_case_id=about, activity="ACTIVITY_FAMILY_VISIT", due_time=in_the_future(days=1)
    )
    first = await call("PlanVisit", plan, LI, key="plan")
    await call("PlanVisit", plan, LI)
    assert await call("PlanVisit", plan, LI, key="plan") == first, "with one visit, as it was"
    entrust = pb.EntrustCareCaseRequest(care_case_id=about, care_workers=["wang"])
    await call("EntrustCareCase", entrust, HEAD)
    assert await call.refused("PlanVisit", plan, LI, "plan") == "NO_SUCH_CARE_CASE"


async def test_clocks_fire_by_themselves(call: Client) -> None:
    case = (
        await call(
            "RegisterCareCase", a_request(hand_over_due_time=in_the_future(seconds=1)), SENDER
        )
    ).care_case
    asked = pb.GetCareCaseRequest(care_case_id=case.id)

    async def overdue() -> bool:
        return bool((await call("GetCareCase", asked, HEAD)).care_case.hand_over_overdue)

    await until(overdue)
    listed = await call("ListCareCases", pb.ListCareCasesRequest(overdue=True), HEAD)
    assert [item.id for item in listed.items] == [case.id]


async def test_the_table_refuses_any_other_programme(database: Installation) -> None:
    conn = await asyncpg.connect(database.admin)
    columns = (
        "id, code, version, shape, doc, hash, state, sender, sent_by, unit, register_time, "
        "programme, legal_basis, overdue, followed_up, care_workers, service_ids, rank"
    )
    insert = f"""
        INSERT INTO population.care_cases ({columns}) SELECT {columns} FROM jsonb_populate_record(
            NULL::population.care_cases, $1::jsonb)
    """
    row = (
        '{"id": "%s", "code": "%s", "version": 1, "shape": 2, "doc": {}, "hash": "",'
        ' "state": "SENT", "sender": "", "sent_by": "", "unit": "north", "register_time": "now",'
        ' "programme": "%s", "legal_basis": "%s", "overdue": false, "followed_up": %s,'
        ' "care_workers": [], "service_ids": [], "rank": 0}'
    )

    async def put(programme: str, basis: str = "x", followed_up: str = "false") -> None:
        await conn.execute(insert, row % (uuid4(), uuid4(), programme, basis, followed_up))

    await put("MINOR_PROTECTION", followed_up="true")
    await put("MIGRANT_SERVICE")
    for refused in (
        ("BELIEVERS",),
        ("PETITIONERS",),
        ("",),
        ("MINOR_PROTECTION", ""),  # no legal basis
        ("MIGRANT_SERVICE", "x", "true"),  # visited or classed
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await put(*refused)
    await conn.close()


async def test_a_need_enters_the_flow_without_the_name_and_comes_back(
    database: Installation, broker: Broker
) -> None:
    await broker.started()
    await topics.ensure(broker.address, topics.read())
    async with (
        serving(database, the_city(), "population", "workflow", brokers=broker.address) as home,
        calling(home, "population", PopulationServiceStub) as call,
        calling(home, "workflow", IncidentServiceStub) as work,
    ):
        about = await received(call)
        for called in (PERSON.name, "欧阳先生", "小明", "阿明", "姓欧阳的", "欧*明", "139****5678"):
            named = pb.RequestServiceRequest(care_case_id=about, text=f"{called}需要就业培训")
            assert await call.refused("RequestService", named, LI) == "NAMES_THE_PERSON", called
        need = pb.RequestServiceRequest(care_case_id=about, text="需要就业培训", category="theft")
        asked = (await call("RequestService", need, LI)).care_case.services[0]
        assert (asked.incident.state, asked.incident.unit) == ("OFFERED", "north")
        assert asked.id != about
        clerk = Actor("zhou", "north", "clerk", NORTH)
        await work("ClaimIncident", flow.ClaimIncidentRequest(incident_id=asked.id), clerk)
        reply = f"已为{PERSON.name}推荐三个岗位，小明满意"
        resolve = flow.ResolveIncidentRequest(incident_id=asked.id, outcome="SOLVED", reply=reply)
        await work("ResolveIncident", resolve, clerk)

        async def resolved() -> bool:
            case = (
                await call("GetCareCase", pb.GetCareCaseRequest(care_case_id=about), LI)
            ).care_case
            return bool(case.services[0].incident.state == "RESOLVED")

        await until(resolved)
        result = pb.RecordServiceResultRequest(care_case_id=about, service_id=asked.id)
        case = (await call("RecordServiceResult", result, LI)).care_case
        assert case.services[0].result == case.services[0].incident.reply == reply
        assert PERSON.name not in await everything_at_rest(database, "population")
        get = pb.GetCareCaseRequest(care_case_id=about)
        seen = (await call("GetCareCase", get, AUDITOR)).care_case.services[0]
        assert seen.result == seen.incident.reply == "已为欧***推荐三个岗位，小*满意"


async def test_what_is_late_stands_in_the_inbox_of_who_cares_and_of_the_sender(
    database: Installation,
) -> None:
    def soon() -> Timestamp:
        return in_the_future(seconds=1)

    async with (
        serving(database, the_city(), "population", "workflow") as home,
        calling(home, "population", PopulationServiceStub) as call,
        calling(home, "workflow", IncidentServiceStub) as work,
    ):

        async def inbox(who: Actor) -> list[tuple[str, str, str]]:
            page = await work("ListIncidents", flow.ListIncidentsRequest(inbox=True), who)
            return sorted((each.id, each.waits[0].reason, each.source) for each in page.items)

        about = await received(call)
        plan = pb.PlanVisitRequest(care_case_id=about, activity="ACTIVITY_STUDY", due_time=soon())
        await call("PlanVisit", plan, LI)
        sent = a_request(hand_over_due_time=soon())
        other = (await call("RegisterCareCase", sent, SENDER, "another")).care_case.id
        visit = (about, "CARE_VISIT_MISSED", "CARE")
        hand_over = (other, "CARE_HAND_OVER_LATE", "CARE")

        async def told() -> bool:
            return await inbox(HEAD) == sorted([visit, hand_over])

        await until(told)
        assert await inbox(LI) == [visit]
        assert await inbox(SENDER) == sorted([visit, hand_over])
        other_worker = Actor("wu", "north", "care_worker", NORTH)
        assert await inbox(other_worker) == await inbox(AUDITOR) == []


async def test_a_sealed_case_names_the_person_in_none_of_its_texts(
    database: Installation,
) -> None:
    texts = f"{PERSON.name}的决定书，电话{PERSON.contact}，小明已知悉"
    async with (
        serving(database, the_city(), "population") as home,
        calling(home, "population", PopulationServiceStub) as call,
    ):
        asked = a_request(legal_basis=texts)
        about = (await call("RegisterCareCase", asked, SENDER, "register")).care_case.id
        end = pb.EndCareCaseRequest(care_case_id=about, reason=texts)
        ended = (await call("EndCareCase", end, HEAD)).care_case
        assert ended.legal_basis == ended.end_reason == texts
        await call("SealCareCase", pb.SealCareCaseRequest(care_case_id=about), HEAD)
        for who in (HEAD, SENDER, AUDITOR):
            get = pb.GetCareCaseRequest(care_case_id=about)
            case = (await call("GetCareCase", get, who)).care_case
            assert case.legal_basis == case.end_reason == "＊的决定书，电话＊，＊已知悉"
        again = (await call("RegisterCareCase", asked, SENDER, "register")).care_case
        assert again.state == resources.CareCase.STATE_SENT, "the answer of then"
        assert again.person == resources.Person()
        assert again.legal_basis == "＊的决定书，电话＊，＊已知悉"

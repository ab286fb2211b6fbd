"""A person is forgotten over gRPC and a real database: nothing opens any more, the proof holds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from backbone.postgres.sealing import KeyMissing, Sealer
from backbone.shell.keys import ServiceKeys
from backbone.words.city import City
from backbone.words.spans import PERSONS_KEY
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1.population_events_pb2 import PopulationEvent
from liandong.population.v1.population_service_pb2_grpc import PopulationServiceStub
from operate.admin import data_keys
from operate.backup import proving
from operate.home.keys import Keys
from services.population.own_keys import FORGOTTEN
from tests.installation import Installation
from tests.integration.operate.test_data_keys import SECOND
from tests.integration.population.test_population_service import (
    AUDITOR,
    HEAD,
    LI,
    PERSON,
    SENDER,
    a_request,
    in_the_future,
    the_city,
)
from tests.serving import Client, Home, calling, everything_at_rest, serving, until

BASIS = "关于欧阳小明的决定书，电话13912345678"
FINDING = "身体尚可"
REASON = "保存期满，本人申请"


def the_city_where_nothing_is_kept() -> City:
    city = the_city()
    assert city.policy is not None
    years = dict.fromkeys(city.policy.care_retention_years, 0)
    return replace(city, policy=replace(city.policy, care_retention_years=years))


@asynccontextmanager
async def care(
    database: Installation, listed: Path, city: City | None = None
) -> AsyncIterator[tuple[Home, Client]]:
    environ = {"LIANDONG_FORGOTTEN": str(listed)}
    city = city or the_city_where_nothing_is_kept()
    async with (
        serving(database, city, "population", environ=environ) as home,
        calling(home, "population", PopulationServiceStub) as call,
    ):
        yield home, call


async def ended(call: Client) -> str:
    """A case with a visit and texts that name the person, ended and sealed."""
    asked = a_request(legal_basis=BASIS)
    case = (await call("RegisterCareCase", asked, SENDER, "register")).care_case
    receive = pb.ReceiveCareCaseRequest(care_case_id=case.id, care_workers=["li"])
    await call("ReceiveCareCase", receive, HEAD)
    plan = pb.PlanVisitRequest(
        care_case_id=case.id, activity="ACTIVITY_FAMILY_VISIT", due_time=in_the_future(days=1)
    )
    visit = (await call("PlanVisit", plan, LI)).care_case.visits[0]
    record = pb.RecordVisitRequest(care_case_id=case.id, visit_id=visit.id, finding=FINDING)
    await call("RecordVisit", record, LI, "record")
    await call("EndCareCase", pb.EndCareCaseRequest(care_case_id=case.id, reason=BASIS), HEAD)
    return str(case.id)


async def asked_for(database: Installation, query: str, *values: object) -> Any:
    conn = await asyncpg.connect(database.admin)
    try:
        return await conn.fetch(query, *values)
    finally:
        await conn.close()


def seals_in(stored: str) -> set[str]:
    return set(PERSONS_KEY.findall(stored))


async def test_a_forgotten_person_opens_nowhere_and_the_evidence_holds(
    database: Installation, tmp_path: Path
) -> None:
    listed = tmp_path / "forgotten"
    async with care(database, listed) as (home, call):
        about = await ended(call)
        get = pb.GetCareCaseRequest(care_case_id=about)
        before = (await call("GetCareCase", get, LI)).care_case
        assert before.person.name == "欧***"
        assert before.legal_basis == BASIS, "opened for one who works on the case"
        masked = (await call("GetCareCase", get, AUDITOR)).care_case.legal_basis
        assert masked == "关于欧***的决定书，电话139****5678"
        stored = await everything_at_rest(database, "population")
        [own] = seals_in(stored)
        journal = await asked_for(database, "SELECT payload FROM population.journal")
        sealed = PopulationEvent.FromString(journal[0][0]).registered.admission
        assert own in sealed.person.name and own in sealed.legal_basis
        assert "texts-spans" not in sealed.legal_basis and "欧" not in sealed.legal_basis, (
            "no mask either"
        )

        forget = pb.ForgetPersonRequest(care_case_id=about, reason=BASIS)
        assert await call.refused("ForgetPerson", forget, HEAD) == "NAMES_THE_PERSON"
        forget.reason = REASON
        gone = (await call("ForgetPerson", forget, HEAD, "forget")).care_case
        assert gone.state == resources.CareCase.STATE_FORGOTTEN
        assert gone == (await call("ForgetPerson", forget, HEAD, "forget")).care_case
        for who in (LI, HEAD, AUDITOR, SENDER):
            seen = (await call("GetCareCase", get, who)).care_case
            assert seen.person == resources.Person(name=FORGOTTEN)
            assert seen.legal_basis.count(FORGOTTEN) == 2 and "⟦" not in seen.legal_basis
        page = await call("ListCareCases", pb.ListCareCasesRequest(closed=True), HEAD)
        assert [each.person.name for each in page.items] == [FORGOTTEN]
        await is_not_revealed(call, about)
        await stands_on_the_list(database, listed, about, own)
        await nothing_opens(database, home, sealed.person.name)
    assert await proving.fold_all(database.admin) == (1, [])


async def is_not_revealed(call: Client, about: str) -> None:
    reveal = pb.RevealPersonRequest(care_case_id=about)
    assert await call.refused("RevealPerson", reveal, HEAD, purpose="x") == "PERSON_FORGOTTEN"


async def stands_on_the_list(database: Installation, listed: Path, about: str, own: str) -> None:
    await until(lambda: asked_for(database, "SELECT FROM population.forgotten_keys WHERE told"))
    [line] = listed.read_text().splitlines()
    assert (json.loads(line)["about"], json.loads(line)["key"]) == (about, own)
    assert listed.stat().st_mode & 0o777 == 0o600


async def nothing_opens(database: Installation, home: Home, sealed: str) -> None:
    """Every key that the installation has, tried on what the journal holds."""
    keys = ServiceKeys(home.settings("population"))
    keys.fields.learn(await asked_for(database, "SELECT * FROM population.data_keys ORDER BY time"))
    with pytest.raises(KeyMissing):
        Sealer(keys.fields).open("person.name", sealed)
    stored = await everything_at_rest(database, "population")
    for plain in (PERSON.name, PERSON.id_number, PERSON.contact, FINDING):
        assert plain not in stored


async def test_repeats_of_before_are_answered_without_the_person(
    database: Installation, tmp_path: Path
) -> None:
    async with care(database, tmp_path / "forgotten") as (_, call):
        about = await ended(call)
        forget = pb.ForgetPersonRequest(care_case_id=about, reason="期满")
        await call("ForgetPerson", forget, HEAD)
        again = await call("RegisterCareCase", a_request(legal_basis=BASIS), SENDER, "register")
        assert again.care_case.id == about
        assert again.care_case.person.name == FORGOTTEN
        assert PERSON.contact not in str(again) and "欧" not in str(again)
        assert not await asked_for(
            database, "SELECT FROM population.data_keys WHERE about IS NOT NULL"
        )


async def test_a_restored_database_forgets_again(database: Installation, tmp_path: Path) -> None:
    listed = tmp_path / "forgotten"
    async with care(database, listed) as (_, call):
        about = await ended(call)
    listed.write_text(json.dumps({"about": about, "key": "x"}) + "\n" + '{"about": "cut o')
    async with care(database, listed) as (_, call):
        get = pb.GetCareCaseRequest(care_case_id=about)
        assert (await call("GetCareCase", get, HEAD)).care_case.person.name == FORGOTTEN
        await is_not_revealed(call, about)
        gone = "SELECT about FROM population.forgotten_keys WHERE told"
        assert str((await until(lambda: asked_for(database, gone)))[0][0]) == about
    assert not await asked_for(database, "SELECT FROM population.data_keys WHERE about IS NOT NULL")


async def test_a_person_is_kept_as_long_as_the_law_says(
    database: Installation, tmp_path: Path
) -> None:
    async with care(database, tmp_path / "forgotten", the_city()) as (_, call):
        about = await ended(call)
        forget = pb.ForgetPersonRequest(care_case_id=about, reason="本人申请")
        assert await call.refused("ForgetPerson", forget, HEAD) == "RETENTION_RUNS"
        assert await call.refused("ForgetPerson", forget, LI) == "ROLE_MAY_NOT"
        reveal = pb.RevealPersonRequest(care_case_id=about)
        assert (await call("RevealPerson", reveal, HEAD, purpose="回访")).person == PERSON
    assert not (tmp_path / "forgotten").exists()


async def test_the_key_of_a_person_is_wrapped_anew_with_the_others(
    database: Installation, tmp_path: Path
) -> None:
    async with care(database, tmp_path / "forgotten") as (_, call):
        about = await ended(call)
    done = await data_keys.reseal(database.admin, SECOND)
    assert done["population"] == 2
    async with (
        serving(database, the_city(), "population", seals=SECOND.seals) as home,
        calling(home, "population", PopulationServiceStub) as call,
    ):
        reveal = pb.RevealPersonRequest(care_case_id=about)
        assert (await call("RevealPerson", reveal, HEAD, purpose="回访")).person == PERSON
    assert Keys(database.secret).keyring("population").newest() != SECOND.keyring("population")

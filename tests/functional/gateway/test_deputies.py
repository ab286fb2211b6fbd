"""A deputy acts in the person's role and unit, in the period and as the deputy, and no longer."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest

from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from backbone.words.actor import Actor, is_same_hand
from backbone.words.city import City, Head, Level, Unit
from services.gateway.accounts.deputies import Deputies, Period, require_period
from services.gateway.accounts.register import Entry, Register
from services.gateway.accounts.second_factor import SecondFactors
from services.gateway.http.problems import Problem
from tests.functional.gateway.conftest import Face
from tests.gateway import CODED, STATION

GOOD = "grauer-Kiesel-17"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def environ() -> dict[str, str]:
    return {"LIANDONG_GATEWAY_SECOND_FACTOR": "leader"}


async def somebody(face: Face, role: str, unit: str = STATION) -> str:
    user = f"p{secrets.token_hex(4)}"
    entry = Entry(user, "", role, unit, password=GOOD)
    await Register(face.gateway.pool, "operator:test", CODED).add(entry)
    return user


async def header_of(face: Face, user: str, **more: str) -> dict[str, str]:
    said = {"user": user, "password": GOOD, **more}
    answer = await face.http.post("/v1/sessions", json=said)
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def appoint(face: Face, header: dict[str, str], deputy: str, **more: Any) -> httpx.Response:
    now = datetime.now(UTC)
    body = {
        "deputy": deputy,
        "start_time": (now - HOUR).isoformat(),
        "end_time": (now + HOUR).isoformat(),
        **more,
    }
    return await face.http.post("/v1/deputies", headers=header, json=body)


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("reason", "")


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (NOW + HOUR, NOW, "DEPUTY_PERIOD_UPSIDE_DOWN"),
        (NOW, NOW, "DEPUTY_PERIOD_UPSIDE_DOWN"),
        (NOW - 2 * HOUR, NOW - HOUR, "DEPUTY_PERIOD_OVER"),
        (NOW, NOW + timedelta(days=400), "DEPUTY_PERIOD_TOO_LONG"),
        (NOW - HOUR, NOW + HOUR, ""),
        (NOW + HOUR, NOW + timedelta(days=366), ""),
    ],
)
def test_a_period_has_a_beginning_and_then_an_end(
    start: datetime, end: datetime, refused: str
) -> None:
    if not refused:
        require_period(Period(start, end), NOW)
        return
    with pytest.raises(Problem) as problem:
        require_period(Period(start, end), NOW)
    assert problem.value.reason == refused


async def test_a_deputy_acts_for_the_head_and_is_seen_to(face: Face) -> None:
    head, clerk = await somebody(face, "head"), await somebody(face, "clerk")
    mine, own = await header_of(face, head), await header_of(face, clerk)
    stand_in = own | {"Liandong-Deputy-For": head}
    assert reason(await face.http.get("/v1/incidents", headers=stand_in)) == (403, "NOT_THE_DEPUTY")
    made = await appoint(face, mine, clerk)
    assert made.status_code == 200, made.text
    await face.gateway.rights.look()
    face.gateway.gate.authenticator.forget_all()  # a refusal is remembered for a second
    me = (await face.http.get("/v1/sessions/current", headers=stand_in)).json()["user"]
    assert me["user"] == f"{clerk}>{head}" and me["deputy_for"] == head
    assert (me["role"], me["unit"]) == ("head", STATION)
    assert (await face.http.post("/v1/incidents/i-1:claim", headers=stand_in)).status_code == 200
    [(_, _, caller)] = face.incidents.asked
    actor = caller.actor
    assert (actor.user, actor.role, actor.unit) == (f"{clerk}>{head}", "head", STATION)
    assert face.gateway.gate.reasons.names.of("person", actor.user) == f"{clerk}（代{head}）"

    again = await appoint(face, stand_in, head)
    assert reason(again) == (403, "PERSONS_ONLY"), "what is lent is not lent on"
    listed = await face.http.get("/v1/deputies", headers=own)
    [row] = listed.json()["items"]
    theft = await face.http.delete(f"/v1/deputies/{row['id']}", headers=own)
    assert reason(theft) == (404, "NO_SUCH_DEPUTY")
    assert (await face.http.delete(f"/v1/deputies/{row['id']}", headers=mine)).status_code == 204
    await face.gateway.rights.look()
    assert reason(await face.http.get("/v1/incidents", headers=stand_in)) == (403, "NOT_THE_DEPUTY")
    assert (await face.http.get("/v1/sessions/current", headers=own)).status_code == 200
    auditor = await face.sign_in("auditor")
    lines = await face.http.get("/v1/audit", headers=auditor, params={"subject": head})
    kinds = {line["kind"] for line in lines.json()["items"]}
    assert {"DEPUTY_APPOINTED", "DEPUTY_ENDED"} <= kinds


async def test_a_deputy_is_found_by_any_spelling_of_a_name(face: Face) -> None:
    head, clerk = await somebody(face, "head"), await somebody(face, "clerk")
    mine, own = await header_of(face, head), await header_of(face, clerk)
    assert reason(await appoint(face, mine, head.upper())) == (422, "OWN_DEPUTY")
    made = await appoint(face, mine, clerk.upper(), person=head.upper())
    assert (made.json()["person"], made.json()["deputy"]) == (head, clerk)
    stand_in = own | {"Liandong-Deputy-For": head.upper()}
    me = (await face.http.get("/v1/sessions/current", headers=stand_in)).json()["user"]
    assert (me["user"], me["deputy_for"]) == (f"{clerk}>{head}", head)


@pytest.mark.parametrize("number", ["x", "-1", "９", "9" * 19, "9" * 5_000])
async def test_a_strange_number_is_no_deputy(face: Face, number: str) -> None:
    mine = await header_of(face, await somebody(face, "head"))
    answer = await face.http.delete(f"/v1/deputies/{number}", headers=mine)
    assert reason(answer) == (404, "NO_SUCH_DEPUTY")


@pytest.mark.parametrize("number", [-1, 0, 2**63 - 1, 2**63, 10**20])
async def test_an_operator_who_types_a_strange_number_hears_that_there_is_none(
    face: Face, number: int
) -> None:
    deputies = Deputies(face.gateway.pool, CODED, face.gateway.lines.may_stand_in)
    with pytest.raises(Problem) as caught:
        await deputies.end(number, "operator:test")
    assert caught.value.reason == "NO_SUCH_DEPUTY"


async def test_outside_the_period_there_is_no_deputy(face: Face) -> None:
    head, clerk = await somebody(face, "head"), await somebody(face, "clerk")
    mine, own = await header_of(face, head), await header_of(face, clerk)
    later = datetime.now(UTC) + timedelta(days=1)
    times = {"start_time": later.isoformat(), "end_time": (later + HOUR).isoformat()}
    assert (await appoint(face, mine, clerk, **times)).status_code == 200
    stand_in = own | {"Liandong-Deputy-For": head}
    assert reason(await face.http.get("/v1/incidents", headers=stand_in)) == (403, "NOT_THE_DEPUTY")
    upside = {"start_time": times["end_time"], "end_time": times["start_time"]}
    answer = await appoint(face, mine, clerk, **upside)
    assert reason(answer) == (422, "DEPUTY_PERIOD_UPSIDE_DOWN")
    naive = await appoint(face, mine, clerk, start_time="2026-11-29T08:00:00")
    assert reason(naive) == (400, "ZONE_MISSING")


async def test_who_may_appoint_whom(face: Face) -> None:
    head, clerk = await somebody(face, "head"), await somebody(face, "clerk")
    elsewhere = await somebody(face, "clerk", "990102")
    mine, own = await header_of(face, head), await header_of(face, clerk)
    assert reason(await appoint(face, mine, head)) == (422, "OWN_DEPUTY")
    unknown = await appoint(face, mine, "nobody")
    assert reason(unknown) == (404, "NO_SUCH_ACCOUNT")
    assert [each["field"] for each in unknown.json()["errors"]] == ["deputy"]
    for nobody in ("", "\u200b", " \u3164"):
        unseen = await appoint(face, mine, nobody)
        assert reason(unseen) == (400, "WRONG_LENGTH")
        assert [each["field"] for each in unseen.json()["errors"]] == ["deputy"]
    assert (await appoint(face, mine, head, person=clerk)).status_code == 200
    assert reason(await appoint(face, mine, head, person=elsewhere)) == (403, "NOT_YOUR_PERSON")
    assert reason(await appoint(face, own, clerk, person=head)) == (403, "NOT_YOUR_PERSON")
    for role in ("auditor", "supervisor", "leader", "operator"):
        watcher = await somebody(face, role)
        stolen = await appoint(face, mine, head, person=watcher)
        assert reason(stolen) == (403, "LENT_BY_PERSON_ALONE"), role


ABOVE = {STATION: "990101-police", "990101-police": "990100-government", "990100-government": ""}
UNITS = {
    code: Unit(code, code, code.partition("-")[2], code.partition("-")[0], parent, Level.CITY)
    for code, parent in (ABOVE | {"990101001-market": "990100-government"}).items()
}
CITY_OF_UNITS = City(Head("990100", "x", (0, 0), (1, 1), 1, NOW, "", 0), units=UNITS)


async def test_a_deputy_is_of_the_unit_or_of_one_above_it(face: Face) -> None:
    """A unit beside would read what is told against itself, one below what concerns it."""
    head = await somebody(face, "head")
    mine, names = await header_of(face, head), {"Liandong-Deputy-For": head}
    above = await somebody(face, "clerk", "990101-police")
    assert reason(await appoint(face, mine, above)) == (503, "DIRECTORY_NOT_LOADED")
    face.gateway.lines.learn(CITY_OF_UNITS)
    for unit, refused in (
        (STATION, ""),
        ("990101-police", ""),
        ("990100-government", ""),
        ("990101001-market", "DEPUTY_OF_OTHER_UNIT"),
        ("990102", "DEPUTY_OF_OTHER_UNIT"),
    ):
        deputy = await somebody(face, "clerk", unit)
        made = await appoint(face, mine, deputy)
        assert reason(made) == ((403, refused) if refused else (200, "")), unit
        answer = await face.http.get("/v1/incidents", headers=await header_of(face, deputy) | names)
        assert reason(answer) == ((403, "NOT_THE_DEPUTY") if refused else (200, ""))
    lower = await header_of(face, await somebody(face, "head", "990101-police"))
    assert reason(await appoint(face, lower, head)) == (403, "DEPUTY_OF_OTHER_UNIT")


async def test_a_deputy_who_goes_elsewhere_stands_in_no_more(face: Face) -> None:
    head, clerk = await somebody(face, "head"), await somebody(face, "clerk")
    mine, own = await header_of(face, head), await header_of(face, clerk)
    stand_in = own | {"Liandong-Deputy-For": head}
    assert (await appoint(face, mine, clerk)).status_code == 200
    assert (await face.http.get("/v1/incidents", headers=stand_in)).status_code == 200
    face.gateway.lines.learn(CITY_OF_UNITS)
    register = Register(face.gateway.pool, "operator:test", CODED)
    await register.bring_in(Entry(clerk, "", "clerk", "990101001-market"))
    face.gateway.gate.authenticator.forget_all()
    answer = await face.http.get("/v1/incidents", headers=stand_in)
    assert reason(answer) == (403, "DEPUTY_OF_OTHER_UNIT")


async def test_a_role_with_a_second_factor_is_lent_only_to_one_who_has_one(face: Face) -> None:
    leader, clerk = await somebody(face, "leader"), await somebody(face, "clerk")
    factors = SecondFactors(face.gateway.pool, Sealer(Keyring((bytes(32),))), CODED)
    totp = pyotp.parse_uri(await factors.enrol(leader, "operator:test"))
    assert isinstance(totp, pyotp.TOTP)
    mine, own = await header_of(face, leader, code=totp.now()), await header_of(face, clerk)
    assert (await appoint(face, mine, clerk)).status_code == 200
    stand_in = own | {"Liandong-Deputy-For": leader}
    answer = await face.http.get("/v1/incidents", headers=stand_in)
    assert reason(answer) == (403, "SECOND_FACTOR_NOT_ENROLLED")


def test_a_deputy_has_one_pair_of_eyes() -> None:
    deputy = Actor("li>wang", "u", "head")
    assert is_same_hand(deputy, "li", "clerk") and is_same_hand(
        Actor("li", "u", "clerk"), "li>wang"
    )
    assert is_same_hand(deputy, "li>zhao", "head")
    assert not is_same_hand(deputy, "wang", "head") and not is_same_hand(
        deputy, "zhao>wang", "head"
    )
    assert not is_same_hand(Actor("key/a>b", "u", "clerk"), "key2/a>b", "clerk")


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "9999-12-31T23:30:00-14:00"])
async def test_a_time_at_the_end_of_all_years_is_out_of_range(face: Face, end: str) -> None:
    head, clerk = await somebody(face, "head"), await somebody(face, "clerk")
    answer = await appoint(face, await header_of(face, head), clerk, end_time=end)
    assert reason(answer) == (400, "OUT_OF_RANGE")
    assert [each["field"] for each in answer.json()["errors"]] == ["end_time"]


async def test_a_path_of_the_gateways_own_is_judged_like_any_other(face: Face) -> None:
    header = await header_of(face, await somebody(face, "head"))
    body = {"successor": await somebody(face, "clerk")}
    path = f"/v1/accounts/{body['successor']}:handOver"
    for nobody, refused in (
        ("nobody", (404, "NO_SUCH_ACCOUNT")),
        ("\u200b", (400, "WRONG_LENGTH")),
    ):
        answer = await face.http.post(path, headers=header, json={"successor": nobody})
        assert reason(answer) == refused
        assert [each["field"] for each in answer.json()["errors"]] == ["successor"]
    answer = await face.http.post("/v1/accounts/%00:handOver", headers=header, json=body)
    assert reason(answer) == (400, "NUL_CHARACTER")
    assert [each["field"] for each in answer.json()["errors"]] == ["user"]

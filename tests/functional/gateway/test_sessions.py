"""Signing in, out, and what sessions and keys say of their holders."""

from urllib.parse import quote

import pytest

from services.gateway.accounts import passwords, storage
from services.gateway.accounts.auth import digest
from services.gateway.accounts.keys import KeyRing
from services.gateway.accounts.loading import load_accounts
from services.gateway.accounts.register import Register
from tests.functional.gateway.conftest import Face
from tests.gateway import CODED, PASSWORD, STATION, STATION_KEY


async def test_a_session_says_who_one_is_and_ends(face: Face) -> None:
    answer = await face.http.post("/v1/sessions", json={"user": "leader7", "password": PASSWORD})
    body = answer.json()
    assert body["user"] == {
        "user": "leader7",
        "name": "队长",
        "role": "team_leader",
        "unit": STATION,
        "team": "team-7",
    }
    headers = {"Authorization": f"Bearer {body['token']}"}
    me = await face.http.get("/v1/sessions/current", headers=headers)
    assert me.json()["user"]["role"] == "team_leader"
    assert (await face.http.delete("/v1/sessions/current", headers=headers)).status_code == 204
    gone = await face.http.get("/v1/sessions/current", headers=headers)
    assert (gone.status_code, gone.json()["reason"]) == (401, "SESSION_OVER")


async def test_only_the_hash_of_a_token_is_stored(face: Face) -> None:
    headers = await face.sign_in("li")
    token = headers["Authorization"].removeprefix("Bearer ")
    rows = await face.gateway.pool.fetch("SELECT token_hash FROM sessions")
    assert digest(token) in {row["token_hash"] for row in rows}
    assert token.encode() not in {row["token_hash"] for row in rows}


async def test_an_expired_session_is_over(face: Face) -> None:
    headers = await face.sign_in("li")
    await face.gateway.pool.execute("UPDATE sessions SET expire_time = now()")
    assert (await face.http.get("/v1/inbox", headers=headers)).status_code == 401


async def test_wrong_password_and_unknown_user_look_alike(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In what is said, and in what it costs: a password is checked for each."""
    checked: list[str] = []

    def checking(known: str, password: str) -> bool:
        checked.append(password)
        return False

    monkeypatch.setattr(passwords, "_verify", checking)
    for user in ("li", "nobody"):
        answer = await face.http.post("/v1/sessions", json={"user": user, "password": "guess"})
        assert (answer.status_code, answer.json()["reason"]) == (401, "WRONG_PASSWORD")
    assert checked == ["guess", "guess"]


@pytest.mark.parametrize("body", [{}, {"user": "li"}, {"user": "", "password": ""}, {"a": 1}])
async def test_malformed_credentials(face: Face, body: dict[str, str]) -> None:
    assert (await face.http.post("/v1/sessions", json=body)).status_code == 400


async def test_a_key_acts_for_its_unit_and_names_its_own_clerk(face: Face) -> None:
    headers = {"Authorization": f"Bearer {STATION_KEY}", "Liandong-Person": "%E6%9D%8E%E6%98%8E"}
    answer = await face.http.post("/v1/incidents/i-1:claim", headers=headers)
    assert answer.status_code == 200
    [(_, _, caller)] = face.incidents.asked
    assert (caller.actor.user, caller.actor.unit) == (f"{STATION}/李明", STATION)
    bad = headers | {"Liandong-Person": "%ff"}
    answer = await face.http.post("/v1/incidents/i-1:claim", headers=bad)
    assert (answer.status_code, answer.json()["reason"]) == (400, "MALFORMED_PERSON")


@pytest.mark.parametrize("header", ["Liandong-Person", "Liandong-Deputy-For"])
async def test_a_name_that_is_none_is_refused_by_the_header_that_holds_it(
    face: Face, header: str
) -> None:
    key = {"Authorization": f"Bearer {STATION_KEY}"}
    who = key if header == "Liandong-Person" else await face.sign_in("li")
    answer = await face.http.post("/v1/incidents/i-1:claim", headers=who | {header: "%ff"})
    assert answer.json()["reason"] == "MALFORMED_PERSON"
    assert answer.json()["detail"].startswith(header)


@pytest.mark.parametrize("header", ["Liandong-Person", "Liandong-Deputy-For"])
async def test_a_header_of_other_callers_is_refused_and_not_ignored(
    face: Face, header: str
) -> None:
    key = {"Authorization": f"Bearer {STATION_KEY}"}
    who = await face.sign_in("li") if header == "Liandong-Person" else key
    answer = await face.http.post("/v1/incidents/i-1:claim", headers=who | {header: "zhao"})
    assert (answer.status_code, answer.json()["reason"]) == (403, "HEADER_OF_OTHERS")
    assert [flaw["field"] for flaw in answer.json()["errors"]] == [header]
    assert face.incidents.asked == []


@pytest.mark.parametrize(
    "person",
    [
        "假>head.990101001-police",
        "假＞head",
        "董桂川（代邓欣）",
        "张三(代 李四)",
        "a/b",
        "zhоu",
        "李οo",
        "сосо",
        "エ力",
        "宋佳【代邓欣】",
        "宋佳［代邓欣］",
        "宋佳〔代邓欣〕",
        "宋佳 代 邓欣",
        "宋佳〉邓欣",
        "宋佳›邓欣",
        "li",
        "ＬＩ",
    ],
)
async def test_a_key_names_no_one_who_reads_like_a_deputy_or_another(
    face: Face, person: str
) -> None:
    headers = {"Authorization": f"Bearer {STATION_KEY}", "Liandong-Person": quote(person)}
    answer = await face.http.post("/v1/incidents/i-1:claim", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "PERSON_IN_DISGUISE")
    assert face.incidents.asked == []


@pytest.mark.parametrize(
    "person",
    [
        "李明(二中队)",
        "Li Lei",
        "阿卜杜拉·买买提",
        "王 2",
        "José 李",
        "བཀྲ་ཤིས",
        "代云",
        "李代沫",
        "买买提·代",
    ],
)
async def test_usual_names_of_people_are_taken(face: Face, person: str) -> None:
    headers = {"Authorization": f"Bearer {STATION_KEY}", "Liandong-Person": quote(person)}
    answer = await face.http.post("/v1/incidents/i-1:claim", headers=headers)
    assert answer.status_code == 200
    [(_, _, caller)] = face.incidents.asked
    assert caller.actor.user == f"{STATION}/{person}"


@pytest.mark.parametrize("person", ["-", "..", "13812345678", "１３８"])
async def test_what_has_no_letter_names_nobody(face: Face, person: str) -> None:
    headers = {"Authorization": f"Bearer {STATION_KEY}", "Liandong-Person": quote(person)}
    answer = await face.http.post("/v1/incidents/i-1:claim", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "MALFORMED_PERSON")


async def test_a_key_that_decides_as_another_person_says_who_it_is(
    face: Face,
) -> None:
    ring = KeyRing(face.gateway.pool, "ops", CODED)
    made = await ring.add("990100-command", "dispatcher", "command-system")
    key = {"Authorization": f"Bearer {made['key']}"}
    answer = await face.http.post("/v1/incidents/i-1:undoVoid", headers=key, json={"reason": "误"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "PERSON_UNNAMED")
    assert [flaw["field"] for flaw in answer.json()["errors"]] == ["Liandong-Person"]
    assert face.incidents.asked == []


async def test_a_role_may_do_only_what_is_its_own(face: Face) -> None:
    auditor, leader = await face.sign_in("auditor"), await face.sign_in("leader7")
    assert (await face.http.get("/v1/incidents", headers=auditor)).status_code == 200
    for headers in (auditor, leader):
        answer = await face.http.post("/v1/incidents/i-1:claim", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (403, "ROLE_MAY_NOT")
    assert [rpc for rpc, _, _ in face.incidents.asked] == ["ListIncidents"]


async def test_a_role_that_nobody_can_hold_is_refused(gateway_database: str) -> None:
    key = {"key": "k", "unit": STATION, "role": "emperor"}
    with pytest.raises(ValueError, match="emperor"):
        await load_accounts(gateway_database, CODED, [], [key])


async def test_a_disabled_account_loses_its_sessions(face: Face) -> None:
    headers = await face.sign_in("auditor")
    pool = face.gateway.pool
    register = Register(pool, "operator:test", CODED)
    await register.disable("auditor")
    try:
        assert (await face.http.get("/v1/incidents", headers=headers)).status_code == 401
        assert await storage.account_of(pool, CODED, "auditor") is None
    finally:
        await register.enable("auditor")

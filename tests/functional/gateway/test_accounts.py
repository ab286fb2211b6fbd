"""Accounts and keys as an operator changes them: at once, on record, and never by themselves."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from services.gateway.accounts.keys import KeyRing
from services.gateway.accounts.loading import end_demo, load_demo
from services.gateway.accounts.register import Entry, Register
from services.gateway.accounts.second_factor import SecondFactors
from services.gateway.http.problems import Problem
from tests.desks import a_desk_city
from tests.functional.gateway.conftest import Face
from tests.gateway import CODED, STATION

GOOD = "grauer-Kiesel-17"
OPERATOR = "operator:test"


def named() -> str:
    return f"p{secrets.token_hex(4)}"


def other_spellings(user: str) -> tuple[str, str]:
    return user.upper(), "ｐ" + user[1:]


def register_of(face: Face) -> Register:
    return Register(face.gateway.pool, OPERATOR, CODED)


async def refusal(work: Any) -> str:
    with pytest.raises(Problem) as refused:
        await work
    return refused.value.reason


async def status(face: Face, headers: dict[str, str]) -> int:
    return (await face.http.get("/v1/sessions/current", headers=headers)).status_code


async def sign_in(face: Face, user: str, password: str) -> dict[str, str]:
    answer = await face.http.post("/v1/sessions", json={"user": user, "password": password})
    if answer.status_code != 200:
        return {}
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def audit(face: Face, **query: str) -> list[dict[str, Any]]:
    headers = await face.sign_in("auditor")
    answer = await face.http.get("/v1/audit", headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_account_from_its_first_day_to_its_last(face: Face) -> None:
    register, user = register_of(face), named()
    await register.add(Entry(user, "周某", "clerk", STATION, password=GOOD))
    session = await sign_in(face, user, GOOD)
    assert await status(face, session) == 200
    await face.gateway.rights.look()
    assert face.gateway.rights.names.of("person", user) == "周某", "sentences name the person"
    await register.set_password(user, "anderer-Kiesel-18")
    await face.gateway.rights.look()
    assert await status(face, session) == 401, "a new password ends what the old one has opened"
    assert await sign_in(face, user, GOOD) == {}
    session = await sign_in(face, user, "anderer-Kiesel-18")
    await register.disable(user)
    await face.gateway.rights.look()
    assert await status(face, session) == 401
    assert await sign_in(face, user, "anderer-Kiesel-18") == {}
    await register.enable(user)
    assert await status(face, session) == 401, "an ended session stays ended"
    assert await sign_in(face, user, "anderer-Kiesel-18")

    lines = await audit(face, subject=user)
    assert [line["kind"] for line in reversed(lines)] == [
        "ACCOUNT_ADDED", "SIGNED_IN", "PASSWORD_SET", "SIGN_IN_REFUSED", "SIGNED_IN",
        "ACCOUNT_DISABLED", "ACCOUNT_ENABLED", "SIGNED_IN",
    ]  # fmt: skip
    assert {line["actor"] for line in lines} == {OPERATOR, user, ""}
    assert GOOD not in str(lines) and "anderer" not in str(lines)


async def test_a_display_name_is_no_login_of_another(face: Face) -> None:
    register, user, shown = register_of(face), named(), named()
    await register.add(Entry(user, f" {shown}\u3000", "clerk", STATION))
    for work in (register.add, register.bring_in):
        assert await refusal(work(Entry(named(), user.upper(), "clerk", STATION))) == "NAME_TAKEN"
        await work(Entry(named(), shown, "clerk", STATION))  # a namesake
    await register.add(blank := Entry(named(), " \u200b", "clerk", STATION))
    rows = {row["user"]: row["name"] for row in await register.everyone()}
    assert (rows[user], rows[blank.user]) == (shown, blank.user)


async def test_names_that_differ_in_width_or_case_are_one(face: Face) -> None:
    register, user = register_of(face), named()
    await register.add(Entry(user, "", "clerk", STATION))
    for other in other_spellings(user):
        entry = Entry(other, "", "clerk", STATION)
        assert await refusal(register.add(entry)) == "NAME_TAKEN"
        assert await refusal(register.bring_in(entry)) == "NAME_TAKEN"


async def test_a_name_in_another_width_or_case_finds_its_account(face: Face) -> None:
    register, user = register_of(face), named()
    factors = SecondFactors(face.gateway.pool, Sealer(Keyring((bytes(32),))), CODED)
    await register.add(Entry(user, "", "clerk", STATION, password=GOOD))
    for other in other_spellings(user):
        answer = await face.http.post("/v1/sessions", json={"user": other, "password": GOOD})
        assert answer.json()["user"]["user"] == user
        assert await register.disable(other) == user
        assert await sign_in(face, user, GOOD) == {}
        assert await register.enable(other) == user
        assert await register.set_password(other, GOOD) == user
        assert await register.unlock(other) == user
        assert f":{user}?" in await factors.enrol(other, OPERATOR)
        await factors.remove(other, OPERATOR)
    assert {line["subject"] for line in await audit(face, subject=user)} == {user}


async def test_a_key_in_another_width_or_case_is_found(face: Face) -> None:
    ring, name = KeyRing(face.gateway.pool, OPERATOR, CODED), named()
    await ring.add(STATION, "partner", name)
    assert await refusal(ring.add(STATION, "clerk", name.upper())) == "NAME_TAKEN"
    await ring.add(STATION, "clerk", name)
    assert {made["name"] for made in await ring.rotate(name.upper())} == {name}
    assert await ring.revoke("ｐ" + name[1:]) == 2


async def test_a_new_key_is_named_by_its_unit(face: Face) -> None:
    """A system that names no person: a sentence says whose it is."""
    names, name = face.gateway.rights.names, named()
    desks = a_desk_city()
    station = replace(desks.units["north"], code=STATION, name="青山镇派出所")
    names.learn(replace(desks, units={STATION: station}))
    await KeyRing(face.gateway.pool, OPERATOR, CODED).add(STATION, "clerk", name)
    await face.gateway.rights.look()
    assert names.of("person", name) == names.of("person", STATION) == "青山镇派出所的接口"


async def test_a_key_and_a_person_have_no_name_in_common(face: Face) -> None:
    register, ring, user = register_of(face), KeyRing(face.gateway.pool, OPERATOR, CODED), named()
    await register.add(Entry(user, "", "clerk", STATION))
    assert await refusal(ring.add(STATION, "partner", user.upper())) == "NAME_TAKEN"
    entry = Entry(STATION.upper(), "", "clerk", STATION)
    assert await refusal(register.add(entry)) == "NAME_TAKEN"


async def test_what_is_wrong_changes_nothing(face: Face) -> None:
    register, user = register_of(face), named()
    good = Entry(user, "", "clerk", STATION)
    for entry, reason in (
        (Entry("a b", "", "clerk", STATION), "BAD_USER_NAME"),
        (Entry(named(), "", "emperor", STATION), "UNKNOWN_ROLE"),
        (Entry(named(), "", "partner", STATION), "ROLE_OF_SYSTEMS"),
        (Entry(named(), "", "clerk", STATION, "team-7"), "ROLE_WITHOUT_TEAM"),
        (Entry(named(), "", "team_member", STATION), "ROLE_NEEDS_TEAM"),
        (Entry(named(), "", "clerk", STATION, password="demo-liandong"), "PASSWORD_TOO_COMMON"),
        (Entry("li", "", "clerk", STATION), "NAME_TAKEN"),
    ):
        assert await refusal(register.add(good, entry)) == reason
    assert user not in {row["user"] for row in await register.everyone()}
    for work in (register.disable, register.enable, register.unlock):
        assert await refusal(work(user)) == "NO_SUCH_ACCOUNT"


async def test_an_import_changes_rights_and_nothing_else(face: Face) -> None:
    register, old, new = register_of(face), named(), named()
    await register.add(Entry(old, "周某", "clerk", STATION, password=GOOD))
    session = await sign_in(face, old, GOOD)
    await register.disable(old)
    entries = [
        Entry(old, "周某", "head", STATION, password="neuer-Kiesel-19"),
        Entry(new, "", "clerk", STATION),
    ]
    assert await register.bring_in(*entries) == {"added": 1, "changed": 1, "unchanged": 0}
    assert await register.bring_in(*entries) == {"added": 0, "changed": 0, "unchanged": 2}
    [row] = [row for row in await register.everyone() if row["user"] == old]
    assert (row["role"], row["disabled"]) == ("head", True), "an import enables no account"
    await register.enable(old)
    assert await sign_in(face, old, GOOD), "the password is the one that it was"
    assert await status(face, session) == 401
    assert "RIGHTS_CHANGED" in {line["kind"] for line in await audit(face, subject=old)}


async def test_a_role_that_changed_holds_for_an_open_session(face: Face) -> None:
    register, user = register_of(face), named()
    await register.add(Entry(user, "", "clerk", STATION, password=GOOD))
    session = await sign_in(face, user, GOOD)
    assert (await face.http.get("/v1/audit", headers=session)).status_code == 403
    await register.bring_in(Entry(user, "", "auditor", "990100"))
    await face.gateway.rights.look()
    assert (await face.http.get("/v1/audit", headers=session)).status_code == 200


async def test_a_key_of_a_team_is_that_of_its_terminals(face: Face) -> None:
    """By default it is named by its team: each has a name of its own."""
    ring, team = KeyRing(face.gateway.pool, OPERATOR, CODED), named()
    first = await ring.add(STATION, "team_leader", team=team)
    assert first["name"] == f"{STATION}-{team}"
    [made] = await ring.rotate(first["name"])
    await face.gateway.rights.look()
    header = {"Authorization": f"Bearer {made['key']}"}
    me = (await face.http.get("/v1/sessions/current", headers=header)).json()["user"]
    assert (me["role"], me["unit"], me["team"]) == ("team_leader", STATION, team)


async def test_a_key_is_rotated_and_revoked(face: Face) -> None:
    ring, name = KeyRing(face.gateway.pool, OPERATOR, CODED), named()
    first = await ring.add(STATION, "partner", name)
    assert first.items() >= {"name": name, "role": "partner", "unit": STATION, "team": ""}.items()
    header = {"Authorization": f"Bearer {first['key']}"}
    assert await status(face, header) == 200
    [made] = await ring.rotate(name)
    await face.gateway.rights.look()
    assert await status(face, header) == 401
    header = {"Authorization": f"Bearer {made['key']}"}
    assert (made["role"], made["unit"], await status(face, header)) == ("partner", STATION, 200)
    assert await refusal(ring.revoke(name, "clerk")) == "NO_KEY_OF_ROLE"
    assert await refusal(ring.rotate(name, "clerk")) == "NO_KEY_OF_ROLE"
    assert await ring.revoke(name) == 1
    assert await refusal(ring.revoke(name)) == "NO_SUCH_KEY", "none is in force any more"
    assert await refusal(ring.revoke(named(), "clerk")) == "NO_SUCH_KEY"
    await face.gateway.rights.look()
    assert await status(face, header) == 401
    assert await refusal(ring.rotate(name)) == "NO_SUCH_KEY"
    lines = await audit(face, subject=name)
    kinds = [line["kind"] for line in reversed(lines)]
    assert kinds == ["KEY_ADDED", "KEY_ROTATED", "KEY_REVOKED"]
    assert first["key"] not in str(lines) and made["key"] not in str(lines)


async def test_the_demo_is_loaded_once_and_opens_doors_only_while_it_is_in_force(
    face: Face, gateway_database: str
) -> None:
    user, key = named(), f"key-{named()}"
    rows = [{"user": user, "password": "demo-liandong", "role": "clerk", "unit": STATION}]
    keys = [{"key": key, "unit": STATION, "role": "clerk", "name": named()}]
    header = {"Authorization": f"Bearer {key}"}
    assert await load_demo(gateway_database, CODED, rows, keys, OPERATOR)
    assert await sign_in(face, user, "demo-liandong") and await status(face, header) == 200
    register = register_of(face)
    await register.disable(user)
    assert await load_demo(gateway_database, CODED, rows, keys, OPERATOR)
    assert await sign_in(face, user, "demo-liandong") == {}, "a start enables no account"
    await register.enable(user)
    await face.gateway.pool.execute("DELETE FROM accounts WHERE user_name = $1", user)
    assert await load_demo(gateway_database, CODED, rows, keys, OPERATOR)
    assert await sign_in(face, user, "demo-liandong") == {}, "a start makes no account anew"

    assert await load_demo(gateway_database, CODED, rows, keys, OPERATOR, again=True)
    session = await sign_in(face, user, "demo-liandong")
    assert session
    assert await end_demo(gateway_database, CODED, OPERATOR)
    await face.gateway.rights.look()
    assert (await status(face, session), await status(face, header)) == (401, 401)
    assert await sign_in(face, user, "demo-liandong") == {}
    assert not await load_demo(gateway_database, CODED, rows, keys, OPERATOR), (
        "an ended demo stays ended"
    )
    assert await sign_in(face, user, "demo-liandong") == {}
    assert await face.sign_in("li"), "the others are not the demo's"
    await register.set_password(user, GOOD)
    assert await sign_in(face, user, GOOD), "with its own password it is one like others"


async def test_nobody_gets_the_demo_password(face: Face) -> None:
    register = register_of(face)
    assert await refusal(register.set_password("li", "demo-liandong")) == "PASSWORD_TOO_COMMON"


async def test_the_audit_is_the_auditors_and_cannot_be_changed(face: Face) -> None:
    await sign_in(face, "nobody-of-that-name", "my-secret-typed-wrong")
    lines = await audit(face, kind="SIGN_IN_REFUSED")
    assert (lines[0]["subject"], lines[0]["facts"]) == ("", {"reason": "WRONG_PASSWORD"})
    assert "nobody-of-that-name" not in str(lines), "a name may be a password in the wrong place"
    assert lines[0]["address"] and "secret" not in str(lines)
    li = await face.sign_in("li")
    assert (await face.http.get("/v1/audit", headers=li)).status_code == 403
    for statement in ("UPDATE audit SET kind = 'X'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(Exception, match=r"append-only|permission denied"):
            await face.gateway.pool.execute(statement)


async def test_pages_of_the_audit(face: Face) -> None:
    for _ in range(3):
        await face.sign_in("li")
    auditor = await face.sign_in("auditor")
    seen: list[int] = []
    token = ""
    while len(seen) < 3:
        query = {"subject": "li", "page_size": "1", "page_token": token, "count": "true"}
        page = (await face.http.get("/v1/audit", headers=auditor, params=query)).json()
        seen += [line["position"] for line in page["items"]]
        before, token = token, page["next_page_token"]
        assert page["total_size"] >= 3 and page["total_more"] is False
    assert seen == sorted(seen, reverse=True) and len(set(seen)) == 3
    wrong = await face.http.get("/v1/audit", headers=auditor, params={"page_token": before})
    assert (wrong.status_code, wrong.json()["reason"]) == (422, "BAD_PAGE_TOKEN")

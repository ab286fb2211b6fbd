"""Rows that give rights, changed or put in by hand: they open nothing."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from backbone.process.metrics import FORGED
from services.gateway.accounts.auth import digest
from services.gateway.accounts.deputies import Deputies, Period
from services.gateway.accounts.keys import KeyRing
from services.gateway.accounts.register import Entry, Register
from services.gateway.accounts.second_factor import SecondFactors
from services.gateway.http.problems import Problem
from tests.functional.gateway.conftest import Face
from tests.gateway import CODED, STATION

GOOD, OTHER, OPERATOR = "grauer-Kiesel-17", "blauer-Kiesel-18", "operator:test"
HOUR = timedelta(hours=1)


def alarms() -> float:
    return FORGED.labels("row", "gateway")._value.get()


async def every_flaw(face: Face) -> list[str]:
    async with face.gateway.pool.acquire() as conn:
        return [flaw.where async for flaw in CODED.forged(conn)]


@pytest.fixture(autouse=True)
async def others(face: Face) -> list[str]:
    """What other tests of this database have changed by hand."""
    OTHERS[:] = await every_flaw(face)
    return OTHERS


OTHERS: list[str] = []


async def flaws(face: Face) -> list[str]:
    return [each for each in await every_flaw(face) if each not in OTHERS]


def register_of(face: Face) -> Register:
    return Register(face.gateway.pool, OPERATOR, CODED, bytes(32))


@pytest.fixture
async def user(face: Face) -> AsyncIterator[str]:
    """An account of this test, removed at its end with all that hangs on it."""
    name = f"p{secrets.token_hex(4)}"
    await register_of(face).add(Entry(name, "", "clerk", STATION, password=GOOD))
    yield name
    await face.gateway.pool.execute("DELETE FROM accounts WHERE user_name = $1", name)
    assert await flaws(face) == []


async def signs_in(face: Face, user: str, password: str = GOOD) -> int:
    said = {"user": user, "password": password}
    return (await face.http.post("/v1/sessions", json=said)).status_code


CHANGES = {
    "another role": "UPDATE accounts SET role = 'auditor' WHERE user_name = $1",
    "another unit": "UPDATE accounts SET unit = '990100', area = '990100' WHERE user_name = $1",
    "another's password": "UPDATE accounts SET password_hash = (SELECT password_hash FROM accounts "
    "WHERE user_name = 'zhao') WHERE user_name = $1",
    "the code of another": "UPDATE accounts SET role = 'auditor', proof = (SELECT proof FROM "
    "accounts WHERE user_name = 'auditor') WHERE user_name = $1",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_account_that_was_changed_opens_nothing(
    face: Face, user: str, change: str
) -> None:
    answer = await face.http.post("/v1/sessions", json={"user": user, "password": GOOD})
    header = {"Authorization": f"Bearer {answer.json()['token']}"}
    before = alarms()
    await face.gateway.pool.execute(CHANGES[change], user)
    face.gateway.gate.authenticator.forget_all()
    assert (await face.http.get("/v1/sessions/current", headers=header)).status_code == 401
    assert [await signs_in(face, user, each) for each in (GOOD, "liandong-demo")] == [401, 401]
    assert alarms() >= before + 2
    assert await flaws(face) == [f"accounts {user}"]


async def test_a_name_that_was_put_in_by_hand_is_shown_to_nobody(face: Face, user: str) -> None:
    gateway = face.gateway
    rename = "UPDATE accounts SET display_name = $2, change_time = now() WHERE user_name = $1"
    await register_of(face).bring_in(Entry(user, "周某", "clerk", STATION))
    await gateway.rights.look()
    assert gateway.rights.names.of("person", user) == "周某"
    before = alarms()
    await gateway.pool.execute(rename, user, "王局长")
    await gateway.rights.look()
    assert gateway.rights.names.of("person", user) == "周某"
    assert alarms() > before and await flaws(face) == [f"accounts {user}"]


async def test_a_disabled_account_is_not_enabled_by_hand(face: Face, user: str) -> None:
    await register_of(face).disable(user)
    await face.gateway.pool.execute(
        "UPDATE accounts SET disabled = false WHERE user_name = $1", user
    )
    assert await signs_in(face, user) == 401
    assert await flaws(face) == [f"accounts {user}"]


SOUND = "SELECT to_jsonb(a)::text FROM accounts AS a WHERE user_name = $1"
BACK = """
UPDATE accounts SET (role, unit, area, disabled, proof) = (
    SELECT t.role, t.unit, t.area, t.disabled, t.proof
    FROM jsonb_populate_record(NULL::accounts, $2::text::jsonb) AS t
) WHERE user_name = $1
"""


async def test_an_account_that_is_put_back_is_named(face: Face, user: str) -> None:
    """With the code of then: the audit knows better."""
    register, pool = register_of(face), face.gateway.pool
    sound = await pool.fetchval(SOUND, user)
    for change, back in (
        (register.disable(user), register.enable(user)),
        (
            register.bring_in(Entry(user, "", "leader", STATION)),
            register.bring_in(Entry(user, "", "clerk", STATION)),
        ),
    ):
        await change
        assert await flaws(face) == []
        after = await pool.fetchval(SOUND, user)
        await pool.execute(BACK, user, sound)
        assert await flaws(face) == [f"accounts {user}"]
        await pool.execute(BACK, user, after)
        await back
        assert await flaws(face) == []


async def test_a_second_factor_that_is_removed_by_hand_is_named(face: Face, user: str) -> None:
    factors = SecondFactors(face.gateway.pool, Sealer(Keyring((bytes(32),))), CODED)
    await factors.enrol(user, OPERATOR)
    assert await flaws(face) == []
    await face.gateway.pool.execute("DELETE FROM second_factors WHERE user_name = $1", user)
    assert await flaws(face) == [f"accounts {user}"]


async def test_no_command_gives_a_forged_account_a_code(face: Face, user: str) -> None:
    """Only an import with a password, which writes it anew."""
    register, entry = register_of(face), Entry(user, "", "clerk", STATION)
    await face.gateway.pool.execute(CHANGES["another role"], user)
    for change in (
        register.set_password(user, OTHER), register.enable(user), register.bring_in(entry)
    ):  # fmt: skip
        with pytest.raises(Problem, match="RIGHTS_FORGED"):
            await change
    await register.disable(user)
    assert await flaws(face) == [f"accounts {user}"]
    mended = Entry(user, "", "clerk", STATION, password=OTHER)
    assert (await register.bring_in(mended))["changed"] == 1
    assert await signs_in(face, user, OTHER) == 200


async def test_an_account_that_was_put_in_is_none(face: Face, user: str) -> None:
    name = f"q{user}"
    await face.gateway.pool.execute(
        "INSERT INTO accounts (user_name, folded, display_name, role, unit, area, password_hash, "
        "proof) SELECT $2, $2, $2, 'auditor', unit, area, password_hash, proof FROM accounts "
        "WHERE user_name = $1",
        user,
        name,
    )
    try:
        assert await signs_in(face, name) == 401
        assert await flaws(face) == [f"accounts {name}"]
    finally:
        await face.gateway.pool.execute("DELETE FROM accounts WHERE user_name = $1", name)


async def test_a_session_that_was_put_in_is_none(face: Face, user: str) -> None:
    token = secrets.token_urlsafe(32)
    await face.gateway.pool.execute(
        "INSERT INTO sessions (token_hash, user_name, expire_time, proof) SELECT $1, 'auditor', "
        "now() + interval '1 hour', (SELECT proof FROM sessions LIMIT 1)",
        digest(token),
    )
    header = {"Authorization": f"Bearer {token}"}
    assert (await face.http.get("/v1/sessions/current", headers=header)).status_code == 401
    assert len(await flaws(face)) == 1
    await face.gateway.pool.execute("DELETE FROM sessions WHERE token_hash = $1", digest(token))


async def test_a_session_does_not_last_longer_by_hand(face: Face, user: str) -> None:
    header = await face.sign_in("li")
    await face.gateway.pool.execute(
        "UPDATE sessions SET expire_time = expire_time + interval '1 year' WHERE user_name = 'li'"
    )
    assert (await face.http.get("/v1/sessions/current", headers=header)).status_code == 401
    await face.gateway.pool.execute("DELETE FROM sessions WHERE user_name = 'li'")


async def test_a_deputy_that_was_put_in_stands_in_for_nobody(face: Face, user: str) -> None:
    header = await face.sign_in("li")
    deputies = Deputies(face.gateway.pool, CODED, face.gateway.lines.may_stand_in)
    now = datetime.now(UTC)
    made = await deputies.appoint(user, "li", Period(now - HOUR, now + HOUR), OPERATOR)
    number = made["id"]
    await face.gateway.pool.execute(
        "INSERT INTO deputies (person, deputy, start_time, end_time, made_by, proof) SELECT "
        "'auditor', deputy, start_time, end_time, made_by, proof FROM deputies WHERE id = $1",
        number,
    )
    current = "/v1/sessions/current"
    for person, status in ((user, 200), ("auditor", 403)):
        asked = header | {"Liandong-Deputy-For": person}
        assert (await face.http.get(current, headers=asked)).status_code == status
    assert len(await flaws(face)) == 1
    shown = (await face.http.get("/v1/deputies", headers=header)).json()["items"]
    assert [each["person"] for each in shown] == [user]
    await face.gateway.pool.execute("DELETE FROM deputies WHERE person = 'auditor'")


async def test_a_deputy_whose_period_is_over_does_not_go_on(face: Face, user: str) -> None:
    header = await face.sign_in("li")
    deputies = Deputies(face.gateway.pool, CODED, face.gateway.lines.may_stand_in)
    now = datetime.now(UTC)
    made = await deputies.appoint(user, "li", Period(now - HOUR, now + HOUR), OPERATOR)
    number = made["id"]
    await deputies.end(number, OPERATOR)
    assert await flaws(face) == []
    longer = "UPDATE deputies SET end_time = now() + interval '1 day' WHERE id = $1"
    await face.gateway.pool.execute(longer, number)
    asked = header | {"Liandong-Deputy-For": user}
    answer = await face.http.get("/v1/sessions/current", headers=asked)
    assert answer.status_code == 403


async def test_a_key_that_was_changed_or_put_in_opens_nothing(face: Face) -> None:
    ring, name, made = KeyRing(face.gateway.pool, OPERATOR, CODED), f"k{secrets.token_hex(4)}", "k"
    key = (await ring.add(STATION, "clerk", name))["key"]
    current = "/v1/sessions/current"
    try:
        sound = {"Authorization": f"Bearer {key}"}
        assert (await face.http.get(current, headers=sound)).status_code == 200
        await face.gateway.pool.execute(
            "INSERT INTO api_keys (key_hash, name, role, unit, area, proof) SELECT $1, name, role, "
            "unit, area, proof FROM api_keys WHERE name = $2",
            digest(made),
            name,
        )
        put_in = {"Authorization": f"Bearer {made}"}
        assert (await face.http.get(current, headers=put_in)).status_code == 401
        await face.gateway.pool.execute(
            "UPDATE api_keys SET role = 'auditor' WHERE name = $1", name
        )
        face.gateway.gate.authenticator.forget_all()
        assert (await face.http.get(current, headers=sound)).status_code == 401
        with pytest.raises(Problem, match="RIGHTS_FORGED"):
            await ring.rotate(name)
        assert len(await flaws(face)) == 2
        assert await ring.revoke(name) == 2
    finally:
        await face.gateway.pool.execute("DELETE FROM api_keys WHERE name = $1", name)


async def test_the_factor_of_another_is_none(face: Face, user: str) -> None:
    """One who knows his own secret gives it to another's account."""
    factors = SecondFactors(face.gateway.pool, Sealer(Keyring((bytes(32),))), CODED)
    other = f"o{user}"
    await register_of(face).add(Entry(other, "", "clerk", STATION, password=GOOD))
    secret = pyotp.parse_uri(await factors.enrol(other, OPERATOR)).secret
    await factors.enrol(user, OPERATOR)
    await face.gateway.pool.execute(
        "UPDATE second_factors SET (sealed, proof) = (SELECT sealed, proof FROM second_factors "
        "WHERE user_name = $2) WHERE user_name = $1",
        user,
        other,
    )
    said = {"user": user, "password": GOOD, "code": pyotp.TOTP(secret).now()}
    answer = await face.http.post("/v1/sessions", json=said)
    assert (answer.status_code, answer.json()["reason"]) == (401, "SECOND_FACTOR_NOT_ENROLLED")
    assert await flaws(face) == [f"second_factors {user}"]
    await face.gateway.pool.execute("DELETE FROM accounts WHERE user_name = $1", other)

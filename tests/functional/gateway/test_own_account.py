"""A person changes the own password and enrols a second factor, asked for the old password."""

import secrets
from typing import Any

import httpx
import pyotp
import pytest

from services.gateway.accounts.register import Entry, Register
from tests.functional.gateway.conftest import Face
from tests.gateway import CODED, STATION

GOOD, BETTER = "grauer-Kiesel-17", "anderer-Kiesel-18"
OPERATOR = "operator:test"
CHANGE = "/v1/account:changePassword"
BEGIN, CONFIRM = "/v1/account:beginSecondFactor", "/v1/account:confirmSecondFactor"


@pytest.fixture
def environ() -> dict[str, str]:
    return {
        "LIANDONG_GATEWAY_WRONG_FREE": "3",
        "LIANDONG_GATEWAY_LONGEST_DELAY_AT_HOME_SECONDS": "9",
    }


async def somebody(face: Face) -> str:
    user = f"p{secrets.token_hex(4)}"
    await Register(face.gateway.pool, OPERATOR, CODED).add(
        Entry(user, "周某某", "clerk", STATION, password=GOOD)
    )
    return user


async def sign_in(face: Face, user: str, password: str = GOOD, **more: str) -> dict[str, str]:
    body = {"user": user, "password": password, **more}
    answer = await face.http.post("/v1/sessions", json=body)
    return {"Authorization": f"Bearer {answer.json()['token']}"} if answer.is_success else {}


async def asked(face: Face, path: str, session: dict[str, str], **body: Any) -> httpx.Response:
    return await face.http.post(path, json=body, headers=session)


async def refused(face: Face, path: str, session: dict[str, str], **body: Any) -> tuple[int, str]:
    answer = await asked(face, path, session, **body)
    return answer.status_code, answer.json()["reason"]


async def status(face: Face, session: dict[str, str]) -> int:
    return (await face.http.get("/v1/sessions/current", headers=session)).status_code


async def kinds_of(face: Face, user: str) -> list[str]:
    headers = await face.sign_in("auditor")
    answer = await face.http.get("/v1/audit", headers=headers, params={"subject": user})
    assert GOOD not in answer.text and BETTER not in answer.text
    return [line["kind"] for line in reversed(answer.json()["items"])]


async def test_another_password_ends_the_other_sessions_and_is_on_record(face: Face) -> None:
    user = await somebody(face)
    here, elsewhere = await sign_in(face, user), await sign_in(face, user)
    done = await asked(face, CHANGE, here, password=GOOD, new_password=BETTER)
    assert done.status_code == 204
    await face.gateway.rights.look()
    assert (await status(face, here), await status(face, elsewhere)) == (200, 401)
    assert await sign_in(face, user) == {}
    assert await sign_in(face, user, BETTER)
    kinds = await kinds_of(face, user)
    assert kinds[:4] == ["ACCOUNT_ADDED", "SIGNED_IN", "SIGNED_IN", "PASSWORD_SET"]


@pytest.mark.parametrize(
    ("password", "new", "why"),
    [
        ("wrong-Kiesel-19", BETTER, (403, "PRESENT_PASSWORD_WRONG")),
        (GOOD, "short", (422, "PASSWORD_LENGTH")),
        (GOOD, "周某某-Kiesel-1", (422, "PASSWORD_HOLDS_THE_NAME")),
        (GOOD, "aaaaaaaaaaaa", (422, "PASSWORD_TOO_COMMON")),
        (GOOD, GOOD, (422, "PASSWORD_UNCHANGED")),
    ],
)
async def test_the_rules_hold_and_nothing_changes(
    face: Face, password: str, new: str, why: tuple[int, str]
) -> None:
    user = await somebody(face)
    session = await sign_in(face, user)
    assert await refused(face, CHANGE, session, password=password, new_password=new) == why
    assert await status(face, session) == 200
    assert await sign_in(face, user), "the password is the one that it was"


async def test_a_terminal_that_was_left_open_is_no_place_to_guess(face: Face) -> None:
    user = await somebody(face)
    session = await sign_in(face, user)
    for number in range(12):
        body = {"password": f"wrong-Kiesel-{number}", "new_password": BETTER}
        code, reason = await refused(face, CHANGE, session, **body)
        if code == 429:
            break
        assert (code, reason) == (403, "PRESENT_PASSWORD_WRONG")
    assert code == 429
    assert "SIGN_IN_REFUSED" in await kinds_of(face, user)
    await Register(face.gateway.pool, OPERATOR, CODED, bytes(32)).unlock(user)
    done = await asked(face, CHANGE, session, password=GOOD, new_password=BETTER)
    assert done.status_code == 204, "an operator has unlocked it: what was guessed counts no more"


async def test_neither_a_key_nor_a_stranger_changes_it(face: Face) -> None:
    body = {"password": GOOD, "new_password": BETTER}
    assert await refused(face, CHANGE, {}, **body) == (401, "NOT_SIGNED_IN")


async def test_a_person_enrols_a_second_factor(face: Face) -> None:
    user = await somebody(face)
    here, elsewhere = await sign_in(face, user), await sign_in(face, user)
    assert await refused(face, BEGIN, here, password=BETTER) == (403, "PRESENT_PASSWORD_WRONG")
    begun = (await asked(face, BEGIN, here, password=GOOD)).json()
    assert await sign_in(face, user), "it counts once a code of it has come back"
    totp = pyotp.parse_uri(begun["otpauth_uri"])
    assert isinstance(totp, pyotp.TOTP)
    pending = begun["pending"]
    assert totp.secret not in pending
    wrong = await refused(face, CONFIRM, here, pending=pending, code="x")
    assert wrong == (403, "FACTOR_CODE_WRONG")
    code = totp.now()
    assert (await asked(face, CONFIRM, here, pending=pending, code=code)).status_code == 204
    await face.gateway.rights.look()
    assert (await status(face, here), await status(face, elsewhere)) == (200, 401)
    assert await sign_in(face, user) == {}, "the password alone opens nothing now"
    assert await sign_in(face, user, code=code) == {}, "and the code has opened once"
    assert await refused(face, BEGIN, here, password=GOOD) == (409, "SECOND_FACTOR_PRESENT")
    again = await refused(face, CONFIRM, here, pending=pending, code=totp.now())
    assert again == (409, "SECOND_FACTOR_PRESENT")
    assert "SECOND_FACTOR_ENROLLED" in await kinds_of(face, user)


async def test_what_another_person_has_begun_is_not_enrolled(face: Face) -> None:
    one, other = await somebody(face), await somebody(face)
    begun = (await asked(face, BEGIN, await sign_in(face, one), password=GOOD)).json()
    totp = pyotp.parse_uri(begun["otpauth_uri"])
    assert isinstance(totp, pyotp.TOTP)
    session = await sign_in(face, other)
    for pending in (begun["pending"], "nonsense"):
        found = await refused(face, CONFIRM, session, pending=pending, code=totp.now())
        assert found == (422, "SECOND_FACTOR_NOT_BEGUN")

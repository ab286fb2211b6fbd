"""The second factor: a right password is not enough, and a code opens once."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest

from backbone.postgres.sealing import Sealer
from backbone.process import clock
from backbone.process.keyring import Keyring
from services.gateway.accounts.register import Entry, Register
from services.gateway.accounts.second_factor import MOST_WRONG, SecondFactors
from tests.functional.gateway.conftest import Face
from tests.gateway import CODED, STATION

GOOD = "grauer-Kiesel-17"
OPERATOR = "operator:test"


@pytest.fixture
def environ() -> dict[str, str]:
    return {"LIANDONG_GATEWAY_SECOND_FACTOR": "supervisor, leader"}


def factors_of(face: Face) -> SecondFactors:
    return SecondFactors(face.gateway.pool, Sealer(Keyring((bytes(32),))), CODED)


async def somebody(face: Face, role: str = "clerk") -> str:
    user = f"p{secrets.token_hex(4)}"
    await Register(face.gateway.pool, OPERATOR, CODED).add(
        Entry(user, "", role, STATION, password=GOOD)
    )
    return user


async def attempt(face: Face, user: str, password: str = GOOD, **more: Any) -> httpx.Response:
    body = {"user": user, "password": password, **more}
    return await face.http.post("/v1/sessions", json=body)


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("reason", "")


async def test_a_code_is_needed_and_opens_once(face: Face) -> None:
    user = await somebody(face)
    totp = pyotp.parse_uri(await factors_of(face).enrol(user, OPERATOR))
    assert isinstance(totp, pyotp.TOTP)
    assert reason(await attempt(face, user)) == (401, "SECOND_FACTOR_NEEDED")
    assert reason(await attempt(face, user, code="000000x")) == (401, "WRONG_CODE")
    code = totp.now()
    assert reason(await attempt(face, user, "wrong-password", code=code)) == (401, "WRONG_PASSWORD")
    shown = f"{code[:3]} {code[3:]}"
    assert (await attempt(face, user, code=shown)).status_code == 200, "as apps show it"
    assert reason(await attempt(face, user, code=code)) == (401, "CODE_USED")
    wide = "".join(
        chr(ord(digit) + 0xFEE0) for digit in totp.at(datetime.now(UTC) + timedelta(seconds=30))
    )
    assert (await attempt(face, user, code=wide)).status_code == 200, "digits of full width"
    old = totp.at(datetime.now(UTC) - timedelta(minutes=5))
    assert reason(await attempt(face, user, code=old)) == (401, "WRONG_CODE")


async def test_guessing_codes_ends_soon_and_an_administrator_unlocks(face: Face) -> None:
    user = await somebody(face)
    totp = pyotp.parse_uri(await factors_of(face).enrol(user, OPERATOR))
    assert isinstance(totp, pyotp.TOTP)
    for _ in range(MOST_WRONG):
        assert reason(await attempt(face, user, code="x")) == (401, "WRONG_CODE")
    assert reason(await attempt(face, user, code=totp.now())) == (401, "SECOND_FACTOR_LOCKED")
    await Register(face.gateway.pool, OPERATOR, CODED).unlock(user)
    assert (await attempt(face, user, code=totp.now())).status_code == 200


async def test_a_lost_device_is_taken_away_and_its_sessions_end(face: Face) -> None:
    user = await somebody(face)
    factors = factors_of(face)
    totp = pyotp.parse_uri(await factors.enrol(user, OPERATOR))
    assert isinstance(totp, pyotp.TOTP)
    answer = await attempt(face, user, code=totp.now())
    header = {"Authorization": f"Bearer {answer.json()['token']}"}
    await factors.remove(user, OPERATOR)
    await face.gateway.rights.look()
    assert (await face.http.get("/v1/sessions/current", headers=header)).status_code == 401
    assert (await attempt(face, user)).status_code == 200
    stored = await face.gateway.pool.fetch("SELECT sealed FROM second_factors")
    assert all(totp.secret not in row["sealed"] for row in stored)


async def test_a_role_that_needs_one_signs_in_with_nothing_less(face: Face) -> None:
    user = await somebody(face, "supervisor")
    assert reason(await attempt(face, user)) == (401, "SECOND_FACTOR_NOT_ENROLLED")
    totp = pyotp.parse_uri(await factors_of(face).enrol(user, OPERATOR))
    assert isinstance(totp, pyotp.TOTP)
    assert (await attempt(face, user, code=totp.now())).status_code == 200
    assert (await attempt(face, await somebody(face))).status_code == 200


async def test_a_wrong_clock_of_the_gateway_refuses_no_code_and_locks_nobody(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten tries locked the factor for good. The host is compared with the database each second."""
    user = await somebody(face)
    totp = pyotp.parse_uri(await factors_of(face).enrol(user, OPERATOR))
    assert isinstance(totp, pyotp.TOTP)
    monkeypatch.setattr(clock.HOST, "_ahead", timedelta(hours=1))
    of_host = totp.at(datetime.now(UTC))
    assert reason(await attempt(face, user, code=of_host)) == (401, "WRONG_CODE")
    code = totp.at(datetime.now(UTC) - timedelta(hours=1))
    assert (await attempt(face, user, code=code)).status_code == 200

"""A sign-in opens no session if the account or its factor changes while the password is checked."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pyotp
import pytest

from backbone.postgres.sealing import Sealer
from backbone.process.keyring import Keyring
from services.gateway.accounts.passwords import Passwords
from services.gateway.accounts.register import Entry, Register
from services.gateway.accounts.second_factor import SecondFactors
from tests.functional.gateway.conftest import Face
from tests.gateway import CODED, STATION

GOOD, OTHER, OPERATOR = "grauer-Kiesel-17", "neuer-Kiesel-19", "operator:test"


class Taker:
    """An operator beside the gateway."""

    def __init__(self, face: Face) -> None:
        self.user = f"p{secrets.token_hex(4)}"
        self.face, pool = face, face.gateway.pool
        self.register = Register(pool, OPERATOR, CODED)
        self.factors = SecondFactors(pool, Sealer(Keyring((bytes(32),))), CODED)

    async def sign_in(self, **more: str) -> httpx.Response:
        body = {"user": self.user, "password": GOOD, **more}
        return await self.face.http.post("/v1/sessions", json=body)

    async def sessions(self) -> int:
        count = "SELECT count(*) FROM sessions WHERE user_name = $1"
        return int(await self.face.gateway.pool.fetchval(count, self.user))


@pytest.fixture
async def taker(face: Face) -> Taker:
    taker = Taker(face)
    await taker.register.add(Entry(taker.user, "", "clerk", STATION, password=GOOD))
    return taker


async def _disable_for_a_moment(taker: Taker) -> None:
    await taker.register.disable(taker.user)
    await taker.register.enable(taker.user)
    await taker.register.set_password(taker.user, OTHER)


TAKEN: dict[str, tuple[Callable[[Taker], Awaitable[Any]], str]] = {
    "the account": (lambda taker: taker.register.disable(taker.user), "WRONG_PASSWORD"),
    "the password": (
        lambda taker: taker.register.set_password(taker.user, OTHER),
        "WRONG_PASSWORD",
    ),
    "both": (_disable_for_a_moment, "WRONG_PASSWORD"),
    "one factor": (
        lambda taker: taker.factors.enrol(taker.user, OPERATOR),
        "SECOND_FACTOR_NEEDED",
    ),
}


@pytest.mark.parametrize("what", TAKEN)
async def test_no_session_begins_on_what_was_true_before(
    taker: Taker, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Between the password and the session: it lived on for all its hours."""
    take, reason = TAKEN[what]
    match, done = Passwords.match, []

    async def matched(self: Passwords, known: str | None, password: str) -> bool:
        right = await match(self, known, password)
        if not done:
            done.append(await take(taker))
        return right

    if what == "one factor":  # it is asked for behind the password: take it behind the question
        require = SecondFactors.require

        async def required(self: SecondFactors, *told: str) -> str:
            shown = await require(self, *told)
            done.append(await take(taker))
            return shown

        monkeypatch.setattr(SecondFactors, "require", required)
    else:
        monkeypatch.setattr(Passwords, "match", matched)
    answer = await taker.sign_in()
    assert (answer.status_code, answer.json()["reason"]) == (401, reason)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert await taker.sessions() == 0


async def test_a_factor_that_is_replaced_opens_nothing_that_the_old_one_has_begun(
    taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    totp = pyotp.parse_uri(await taker.factors.enrol(taker.user, OPERATOR))
    assert isinstance(totp, pyotp.TOTP)
    require = SecondFactors.require

    async def required(self: SecondFactors, *told: str) -> str:
        shown = await require(self, *told)
        await taker.factors.enrol(taker.user, OPERATOR)
        return shown

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(SecondFactors, "require", required)
        answer = await taker.sign_in(code=totp.now())
    assert (answer.status_code, await taker.sessions()) == (401, 0)
    await taker.factors.remove(taker.user, OPERATOR)
    assert (await taker.sign_in()).status_code == 200

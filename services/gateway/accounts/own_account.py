"""The endpoints by which a person changes the own password and enrols a second factor.

The present password is asked for each time, with the limits of a sign-in: a stranger at a terminal
that was left open can do neither.
"""

from dataclasses import dataclass
from typing import Any

from pydantic_core import core_schema
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.auth import Caller, digest, token_of
from services.gateway.accounts.credentials import Credentials
from services.gateway.accounts.passwords import Passwords
from services.gateway.accounts.rules import require_password
from services.gateway.accounts.second_factor import SecondFactors
from services.gateway.contract.reading import object_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.addresses import address_of
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

TEXT = core_schema.str_schema(min_length=1, max_length=200)
CODE = core_schema.str_schema(min_length=1, max_length=20)
PENDING = core_schema.str_schema(min_length=1, max_length=2_000)
CHANGE = object_reader(password=TEXT, new_password=TEXT)
BEGIN = object_reader(password=TEXT)
CONFIRM = object_reader(pending=PENDING, code=CODE)

# Only if the password is still the one that was asked for.
FIND = """
SELECT * FROM accounts WHERE user_name = $1 AND password_hash = $2 FOR UPDATE
"""
RENEW = """
UPDATE accounts SET password_hash = $2, demo = false, change_time = now()
WHERE user_name = $1 RETURNING *
"""


@dataclass(frozen=True, slots=True)
class OwnAccount:
    gate: Gate
    credentials: Credentials
    passwords: Passwords
    factors: SecondFactors

    async def change_password(self, request: Request) -> Response:
        """Set another password, and end all other sessions of the person."""
        caller = await self.gate.admit_person(request)
        given = incoming.parse_body(CHANGE, await incoming.read_body(request))
        incoming.require_plain(given)
        account = await self._known(request, caller, given["password"])
        new = given["new_password"]
        require_password(new, caller.user, account["display_name"])
        if new == given["password"]:
            raise Problem(422, "PASSWORD_UNCHANGED")
        known = await self.passwords.hash(new)
        coded = self.credentials.coded
        line = Line("PASSWORD_SET", caller.user, caller.unit, caller.user, address_of(request))
        async with audit.audited(self.gate.pool) as conn:
            present = await conn.fetchrow(FIND, caller.user, account["password_hash"])
            if present is None or not await coded.accounts.is_sound(conn, present):
                raise Problem(403, "PRESENT_PASSWORD_WRONG")
            await coded.accounts.code(conn, await conn.fetch(RENEW, caller.user, known))
            await storage.end_sessions(conn, caller.user, but=digest(token_of(request)))
            await audit.save(conn, line)
        return Response(status_code=204)

    async def begin_second_factor(self, request: Request) -> Response:
        """Show a new secret, which counts once a code of it has come back."""
        caller = await self.gate.admit_person(request)
        given = incoming.parse_body(BEGIN, await incoming.read_body(request))
        incoming.require_plain(given)
        await self._known(request, caller, given["password"])
        address, pending = await self.factors.begin(caller.user)
        answer = {"otpauth_uri": address, "pending": pending}
        return Response(to_json(answer), media_type=JSON)

    async def confirm_second_factor(self, request: Request) -> Response:
        """Enrol the secret that was shown, and end all other sessions of the person."""
        caller = await self.gate.admit_person(request)
        self.gate.limits.sign_in.take(address_of(request))
        given = incoming.parse_body(CONFIRM, await incoming.read_body(request))
        incoming.require_plain(given)
        session = digest(token_of(request))
        await self.factors.confirm(caller.user, given["pending"], given["code"], session)
        return Response(status_code=204)

    async def _known(self, request: Request, caller: Caller, password: str) -> Any:
        """The account, if this is its password; a wrong one is on record. Raises Problem 403,
        429."""
        address = address_of(request)
        self.gate.limits.sign_in.take(address)
        account, is_right = await self.credentials.check(caller.user, password, address)
        if not is_right:
            facts = {"reason": "PRESENT_PASSWORD_WRONG"}
            who = (caller.user, caller.unit, caller.user, address)
            await audit.save(self.gate.pool, Line("SIGN_IN_REFUSED", *who, facts))
            raise Problem(403, "PRESENT_PASSWORD_WRONG")
        return account


def extras_of(own: OwnAccount) -> tuple[Extra, ...]:
    return (
        Extra("POST", "/v1/account:changePassword", own.change_password),
        Extra("POST", "/v1/account:beginSecondFactor", own.begin_second_factor),
        Extra("POST", "/v1/account:confirmSecondFactor", own.confirm_second_factor),
    )

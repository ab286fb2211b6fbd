"""The endpoints for signing in, signing out and reading the own session."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic_core import core_schema
from starlette.requests import Request
from starlette.responses import Response

from backbone.postgres.pool import Pool
from services.gateway.accounts import audit, storage
from services.gateway.accounts.audit import Line
from services.gateway.accounts.auth import Caller, digest, token_of, unauthenticated
from services.gateway.accounts.coded import Coded
from services.gateway.accounts.credentials import Credentials
from services.gateway.accounts.second_factor import SecondFactors
from services.gateway.accounts.storage import Shown
from services.gateway.contract.reading import object_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.addresses import address_of
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.metrics import SIGN_INS
from services.gateway.routes.route import Extra

TEXT = core_schema.str_schema(min_length=1, max_length=200)
CODE = core_schema.str_schema(max_length=20)
CREDENTIALS = object_reader("code", user=TEXT, password=TEXT, code=CODE)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The session endpoints. Tokens are opaque and random; only their hashes are stored."""

    gate: Gate
    pool: Pool
    coded: Coded
    credentials: Credentials
    factors: SecondFactors
    lifetime: timedelta

    async def open(self, request: Request) -> Response:
        self.gate.limits.sign_in.take(address_of(request))
        given = incoming.parse_body(CREDENTIALS, await incoming.read_body(request))
        incoming.require_plain(given)
        address = address_of(request)
        account = await self._account(given["user"], given["password"], address)
        factor = await self._require_code(account, given.get("code", ""), address)
        return await self.begin(Shown(account, factor), address, {"by": "password"})

    async def begin(self, shown: Shown, address: str, facts: dict[str, Any]) -> Response:
        """Open a session of a person who is known now, and put it on record. Raises Problem 401."""
        account = shown.account
        token, user = secrets.token_urlsafe(32), account["user_name"]
        line = Line("SIGNED_IN", user, account["unit"], user, address, facts)
        told = (self.pool, self.coded, digest(token), self.lifetime, line, shown)
        try:
            expire_time = await storage.open_session(*told)
        except storage.Changed as changed:
            await self.refuse(account, address, changed.reason)
            raise unauthenticated(changed.reason) from changed
        SIGN_INS.labels("accepted").inc()
        answer = {"token": token, "expire_time": expire_time, "user": _person(account)}
        return Response(to_json(answer), media_type=JSON)

    async def refuse(self, account: Any, address: str, reason: str) -> None:
        """Put a failed sign-in on record. What was typed in the place of a name that no account has
        is left out: it may be a password."""
        SIGN_INS.labels("refused").inc()
        user, unit = (account["user_name"], account["unit"]) if account else ("", "")
        line = Line("SIGN_IN_REFUSED", user, unit, "", address, {"reason": reason})
        await audit.save(self.pool, line)

    async def show(self, request: Request) -> Response:
        caller = await self.gate.admit(request)
        return Response(to_json({"user": _caller(caller)}), media_type=JSON)

    async def end(self, request: Request) -> Response:
        caller = await self.gate.admit(request)
        token_hash = digest(token_of(request))
        line = Line("SIGNED_OUT", caller.user, caller.unit, caller.user, address_of(request))
        await storage.end_session(self.pool, token_hash, line)
        self.gate.authenticator.forget(token_hash)
        return Response(status_code=204)

    async def _account(self, user: str, password: str, address: str) -> Any:
        """Raises Problem 401, equal in words and time for a wrong user and a wrong password."""
        account, is_right = await self.credentials.check(user, password, address)
        if not is_right:
            await self.refuse(account, address, "WRONG_PASSWORD")
            raise unauthenticated("WRONG_PASSWORD")
        return account

    async def _require_code(self, account: Any, code: str, address: str) -> str:
        """The second factor, as it is stored. Raises Problem 401 unless it is right, or none is
        needed."""
        try:
            return await self.factors.require(account["user_name"], account["role"], code)
        except Problem as refusal:
            await self.refuse(account, address, refusal.reason)
            raise


def _person(account: Any) -> dict[str, Any]:
    return {
        "user": account["user_name"],
        "name": account["display_name"],
        "role": account["role"],
        "unit": account["unit"],
        "team": account["team"] or None,
    }


def _caller(caller: Caller) -> dict[str, Any]:
    said = {name: getattr(caller, name) for name in ("user", "role", "unit", "area")}
    deputy = {"deputy_for": caller.deputy_for} if caller.deputy_for else {}
    return {**said, "team": caller.team or None, **deputy}


def extras_of(sessions: Sessions) -> tuple[Extra, ...]:
    return (
        Extra("POST", "/v1/sessions", sessions.open),
        Extra("GET", "/v1/sessions/current", sessions.show),
        Extra("DELETE", "/v1/sessions/current", sessions.end),
    )

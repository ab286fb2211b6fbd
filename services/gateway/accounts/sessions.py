"""The endpoints for signing in, signing out and reading the own session."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic_core import core_schema
from starlette.requests import Request
from starlette.responses import Response

from backbone.postgres.pool import Pool
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Caller, digest, token_of, unauthenticated
from services.gateway.accounts.guessing import Guessing
from services.gateway.accounts.passwords import Passwords
from services.gateway.contract.reading import object_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.addresses import address_of
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.metrics import SIGN_INS
from services.gateway.routes.route import Extra

TEXT = core_schema.str_schema(min_length=1, max_length=200)
CREDENTIALS = object_reader(user=TEXT, password=TEXT)
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Sessions:
    """The session endpoints. Tokens are opaque and random; only their hashes are stored."""

    gate: Gate
    pool: Pool
    passwords: Passwords
    guessing: Guessing
    lifetime: timedelta

    async def open(self, request: Request) -> Response:
        self.gate.limits.sign_in.take(address_of(request))
        given = incoming.parse_body(CREDENTIALS, await incoming.read_body(request))
        incoming.require_plain(given)
        account = await self._account(given["user"], given["password"], address_of(request))
        token = secrets.token_urlsafe(32)
        user = account["user_name"]
        expire_time = await storage.open_session(self.pool, digest(token), user, self.lifetime)
        SIGN_INS.labels("accepted").inc()
        answer = {"token": token, "expire_time": expire_time, "user": _person(account)}
        return Response(to_json(answer), 200, NO_STORE, JSON)

    async def show(self, request: Request) -> Response:
        caller, headers = await self.gate.admit(request)
        return Response(to_json({"user": _caller(caller)}), 200, headers | NO_STORE, JSON)

    async def end(self, request: Request) -> Response:
        await self.gate.admit(request)
        token_hash = digest(token_of(request))
        await storage.end_session(self.pool, token_hash)
        self.gate.authenticator.forget(token_hash)
        return Response(status_code=204, headers=NO_STORE)

    async def _account(self, user: str, password: str, address: str) -> Any:
        """Raises Problem 401, equal in words and time for a wrong user and a wrong password."""
        attempt = await self.guessing.attempt(user, address)
        account = await storage.account_of(self.pool, user)
        known = account["password_hash"] if account else None
        if not await self.passwords.match(known, password):
            SIGN_INS.labels("refused").inc()
            raise unauthenticated("WRONG_PASSWORD")
        await self.guessing.succeeded(attempt)
        return account


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
    return {**said, "team": caller.team or None}


def extras_of(sessions: Sessions) -> tuple[Extra, ...]:
    return (
        Extra("POST", "/v1/sessions", sessions.open),
        Extra("GET", "/v1/sessions/current", sessions.show),
        Extra("DELETE", "/v1/sessions/current", sessions.end),
    )

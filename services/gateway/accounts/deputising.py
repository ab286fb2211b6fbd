"""The endpoints of deputies: a person appoints and ends the own ones, a head those of the unit."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import core_schema
from starlette.requests import Request
from starlette.responses import Response

from backbone.words.roles import HEADS
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Caller
from services.gateway.accounts.deputies import Deputies, Period
from services.gateway.contract.reading import object_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

USER = core_schema.str_schema(min_length=1, max_length=200)
TIME = core_schema.datetime_schema(tz_constraint="aware")
APPOINTED = object_reader("person", person=USER, deputy=USER, start_time=TIME, end_time=TIME)
NO_STORE = {"Cache-Control": "no-store"}
# The largest bigint of Postgres has 19 digits.
DIGITS = 18


@dataclass(frozen=True, slots=True)
class Deputising:
    gate: Gate
    deputies: Deputies

    async def appoint(self, request: Request) -> Response:
        caller, headers = await self._person(request)
        given = incoming.parse_body(APPOINTED, await incoming.read_body(request))
        incoming.require_plain(given)
        person = given.get("person", caller.user)
        if person != caller.user:
            await self._require_head_of(caller, person)
        period = Period(given["start_time"], given["end_time"])
        number = await self.deputies.appoint(person, given["deputy"], period, caller.user)
        rows = await self.deputies.of(person)
        [row] = [row for row in rows if row["id"] == number]
        return Response(to_json(row), 200, headers | NO_STORE, JSON)

    async def show(self, request: Request) -> Response:
        """Those of the caller, who is the person or the deputy."""
        caller, headers = await self._person(request)
        answer: dict[str, Any] = {"items": await self.deputies.of(caller.user)}
        return Response(to_json(answer), 200, headers | NO_STORE, JSON)

    async def end(self, request: Request) -> Response:
        caller, headers = await self._person(request)
        given = request.path_params["deputy_id"]
        number = int(given) if given.isascii() and given.isdecimal() else -1
        if len(given) > DIGITS:
            number = -1
        await self.deputies.end(number, caller.user, caller.user)
        return Response(status_code=204, headers=headers | NO_STORE)

    async def _person(self, request: Request) -> tuple[Caller, dict[str, str]]:
        """Raises Problem 403 for a key, and for a deputy: what is lent is not lent on."""
        caller, headers = await self.gate.admit(request)
        if caller.is_key or caller.deputy_for:
            raise Problem(403, "PERSONS_ONLY")
        return caller, headers

    async def _require_head_of(self, caller: Caller, person: str) -> None:
        """Raises Problem 403."""
        account = await storage.account_of(self.gate.pool, person)
        if caller.role not in HEADS or account is None or account["unit"] != caller.unit:
            raise Problem(403, "NOT_YOUR_PERSON", {"user": person})


def extras_of(deputising: Deputising) -> tuple[Extra, ...]:
    return (
        Extra("POST", "/v1/deputies", deputising.appoint),
        Extra("GET", "/v1/deputies", deputising.show),
        Extra("DELETE", "/v1/deputies/{deputy_id}", deputising.end),
    )

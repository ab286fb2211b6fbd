"""The endpoints of deputies: a person appoints and ends the own ones, a head those of the unit."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from backbone.words.roles import AUDITORS, HEADS, SUPERVISORS, roles
from services.gateway.accounts import storage
from services.gateway.accounts.auth import Caller
from services.gateway.accounts.deputies import Deputies, Period
from services.gateway.accounts.rules import folded
from services.gateway.contract.asking import NAMED
from services.gateway.contract.reading import TIME, object_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

APPOINTED = object_reader("person", person=NAMED, deputy=NAMED, start_time=TIME, end_time=TIME)
# Their holders watch over units, also that of the head: only they themselves lend these roles.
WATCHING = AUDITORS | SUPERVISORS | roles("operator")
# The largest bigint of Postgres has 19 digits.
DIGITS = 18


@dataclass(frozen=True, slots=True)
class Deputising:
    gate: Gate
    deputies: Deputies

    async def appoint(self, request: Request) -> Response:
        caller = await self.gate.admit_person(request)
        given = incoming.parse_body(APPOINTED, await incoming.read_body(request))
        incoming.require_plain(given)
        person = given.get("person", caller.user)
        if folded(person) != folded(caller.user):
            await self._require_head_of(caller, person)
        period = Period(given["start_time"], given["end_time"])
        row = await self.deputies.appoint(person, given["deputy"], period, caller.user)
        return Response(to_json(row), media_type=JSON)

    async def show(self, request: Request) -> Response:
        """Show those in which the caller is the person or the deputy."""
        caller = await self.gate.admit_person(request)
        answer: dict[str, Any] = {"items": await self.deputies.of(caller.user)}
        return Response(to_json(answer), media_type=JSON)

    async def end(self, request: Request) -> Response:
        caller = await self.gate.admit_person(request)
        given = request.path_params["deputy_id"]
        is_number = given.isascii() and given.isdecimal() and len(given) <= DIGITS
        number = int(given) if is_number else -1
        await self.deputies.end(number, caller.user, caller.user)
        return Response(status_code=204)

    async def _require_head_of(self, caller: Caller, person: str) -> None:
        """Raises Problem 403."""
        account = await storage.account_of(self.gate.pool, self.deputies.coded, person)
        if caller.role not in HEADS or account is None or account["unit"] != caller.unit:
            raise Problem(403, "NOT_YOUR_PERSON", {"user": person})
        if account["role"] in WATCHING:
            raise Problem(403, "LENT_BY_PERSON_ALONE", {"user": person})


def extras_of(deputising: Deputising) -> tuple[Extra, ...]:
    return (
        Extra("POST", "/v1/deputies", deputising.appoint),
        Extra("GET", "/v1/deputies", deputising.show),
        Extra("DELETE", "/v1/deputies/{deputy_id}", deputising.end),
    )

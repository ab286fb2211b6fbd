"""The audit of sign-ins, failures and changes of rights, as auditors read it."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from backbone.postgres.paging import read_token, sign_token
from backbone.postgres.pool import Pool
from backbone.words.errors import InvalidArgument
from backbone.words.place import significant
from services.gateway.accounts import audit
from services.gateway.accounts.auth import require_role
from services.gateway.accounts.reveals import AUDITORS, MOST, PAGE
from services.gateway.contract.reading import list_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

FILTERS = list_reader("subject", "kind")


@dataclass(frozen=True, slots=True)
class Audit:
    """What happened to accounts and keys of units inside the auditor's area, the latest first."""

    gate: Gate
    pool: Pool
    key: bytes

    async def show(self, request: Request) -> Response:
        caller, headers = await self.gate.admit(request)
        require_role(caller, AUDITORS)
        asked = incoming.parse_texts(FILTERS, incoming.read_query(request, frozenset()))
        incoming.require_plain(asked)
        size = min(asked.get("page_size") or PAGE, MOST)
        which = significant(caller.area), asked.get("subject"), asked.get("kind")
        scope = f"/v1/audit {which}".encode()
        before = self._position(scope, asked.get("page_token", ""))
        rows = await audit.read(self.pool, which, before, size)
        place = rows[-1]["position"] if len(rows) == size else None
        token = "" if place is None else sign_token(self.key, scope, place)
        answer: dict[str, Any] = {"items": [dict(row) for row in rows], "next_page_token": token}
        if asked.get("count"):
            answer["total_size"] = await audit.count(self.pool, which)
        return Response(to_json(answer), 200, headers | {"Cache-Control": "no-store"}, JSON)

    def _position(self, scope: bytes, token: str) -> int | None:
        """The position in a page token. Raises Problem 422 for a token of another list."""
        try:
            position: int | None = read_token(self.key, scope, token, int)
        except InvalidArgument as refusal:
            raise Problem(422, refusal.reason) from refusal
        return position


def extras_of(audited: Audit) -> tuple[Extra, ...]:
    return (Extra("GET", "/v1/audit", audited.show),)

"""The registers that auditors read: sign-ins, failures and changes of rights; disclosures."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic_core import SchemaValidator
from starlette.requests import Request
from starlette.responses import Response

from backbone.postgres.paging import read_token, sign_token
from backbone.postgres.pool import Pool
from backbone.words.errors import InvalidArgument
from backbone.words.place import significant
from backbone.words.roles import AUDITORS
from services.gateway.accounts import audit, storage
from services.gateway.accounts.auth import require_role
from services.gateway.contract.reading import list_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.addressed import read_query
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

PAGE, MOST = 50, 200

# The prefix of the units' codes, then the filters of the list in their order.
Which: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """One list; `read` takes which lines, the position before which they stand, and how many."""

    path: str
    filters: Mapping[str, Collection[str]]  # with the codes that each takes; none: any text
    read: Callable[[Pool, Which, int | None, int], Awaitable[list[Any]]]
    count: Callable[[Pool, Which], Awaitable[int]]


def registers_of(gate: Gate) -> tuple[Register, ...]:
    return (
        Register("/v1/audit", {"subject": (), "kind": audit.KINDS}, audit.read, audit.count),
        Register("/v1/reveals", {"subject": ()}, gate.reveals.read, storage.count_reveals),
    )


class Auditing:
    """Shows a register: what units inside the auditor's area did, the latest first."""

    def __init__(self, gate: Gate, pool: Pool, key: bytes, register: Register) -> None:
        self._gate, self._pool, self._key, self._register = gate, pool, key, register
        self._filters: SchemaValidator = list_reader(register.filters)

    async def show(self, request: Request) -> Response:
        caller = await self._gate.admit(request)
        require_role(caller, AUDITORS)
        asked = incoming.parse_texts(self._filters, read_query(request, frozenset()))
        incoming.require_plain(asked)
        size = min(asked.get("page_size") or PAGE, MOST)
        which = significant(caller.area), *(asked.get(name) for name in self._register.filters)
        scope = f"{self._register.path} {which}".encode()
        before = self._position(scope, asked.get("page_token", ""))
        rows = await self._register.read(self._pool, which, before, size)
        place = rows[-1]["position"] if len(rows) == size else None
        token = "" if place is None else sign_token(self._key, scope, place)
        answer: dict[str, Any] = {"items": [dict(row) for row in rows], "next_page_token": token}
        if asked.get("count"):
            answer["total_size"] = await self._register.count(self._pool, which)
        return Response(to_json(answer), media_type=JSON)

    def _position(self, scope: bytes, token: str) -> int | None:
        """The position in a page token. Raises Problem 422 for a token of another list."""
        try:
            position: int | None = read_token(self._key, scope, token, int)
        except InvalidArgument as refusal:
            raise Problem(422, refusal.reason) from refusal
        return position


def extras_of(gate: Gate, pool: Pool, key: bytes) -> tuple[Extra, ...]:
    return tuple(
        Extra("GET", each.path, Auditing(gate, pool, key, each).show) for each in registers_of(gate)
    )

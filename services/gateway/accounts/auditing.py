"""The registers that auditors read: sign-ins, failures and changes of rights; disclosures.

Both grow for years. A list reads the latest lines by an index on the filter and the position, and
counts no further than every list does.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import SchemaValidator
from starlette.requests import Request
from starlette.responses import Response

from backbone.postgres.counting import MOST as COUNTED
from backbone.postgres.paging import read_token, sign_token
from backbone.postgres.pool import Connection, Pool
from backbone.postgres.turns import Turns
from backbone.words.errors import InvalidArgument, TooSlow
from backbone.words.place import significant
from backbone.words.roles import AUDITORS
from services.gateway.accounts import audit, disclosure
from services.gateway.accounts.auth import require_role
from services.gateway.contract.reading import list_reader
from services.gateway.contract.writing import to_json
from services.gateway.http import incoming
from services.gateway.http.addressed import read_query
from services.gateway.http.endpoint import JSON, Gate
from services.gateway.http.problems import Problem
from services.gateway.routes.route import Extra

PAGE, MOST = 50, 200
READ = "SELECT {columns} FROM {table} WHERE {where} ORDER BY position DESC LIMIT {limit}"
COUNT = "SELECT count(*) FROM (SELECT FROM {table} WHERE {where} LIMIT {limit}) AS lines"


@dataclass(frozen=True, slots=True)
class Which:
    """Which lines: the prefix of the units' codes, and the filters that are given."""

    units: str
    filters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Register:
    """One list; `of_units` holds for the lines of units whose codes begin with $1."""

    table: str
    columns: str
    of_units: str
    filters: Mapping[str, Collection[str]]  # with the codes that each takes; none: any text
    shown: Callable[[Any], dict[str, Any]]

    @property
    def path(self) -> str:
        return f"/v1/{self.table}"

    async def read(self, conn: Connection, which: Which, before: int | None, size: int) -> Any:
        """The lines before a position, the latest first."""
        where, values = self._where(which, before)
        said = READ.format(columns=self.columns, table=self.table, where=where, limit=size)
        return await conn.fetch(said, *values)

    async def count(self, conn: Connection, which: Which, most: int) -> int:
        """How many lines there are, up to `most`."""
        where, values = self._where(which, None)
        said = COUNT.format(table=self.table, where=where, limit=most)
        return int(await conn.fetchval(said, *values))

    def _where(self, which: Which, before: int | None) -> tuple[str, list[Any]]:
        """The conditions that are asked, and no others: a plan that serves all of them has no
        index."""
        wanted: dict[str, Any] = {f"{name} = ": text for name, text in which.filters.items()}
        if before is not None:
            wanted["position < "] = before
        numbered = (f"{condition}${number}" for number, condition in enumerate(wanted, 2))
        return " AND ".join([self.of_units, *numbered]), [which.units, *wanted.values()]


def registers_of(gate: Gate) -> tuple[Register, ...]:
    kinds, any_text = {"subject": (), "kind": audit.KINDS}, {"subject": ()}
    reveals = disclosure.COLUMNS, disclosure.OF_UNITS
    return (
        Register("audit", audit.COLUMNS, audit.OF_UNITS, kinds, dict),
        Register("reveals", *reveals, any_text, gate.reveals.shown),
    )


class Auditing:
    """Shows a register: what units inside the auditor's area did, the latest first."""

    def __init__(self, gate: Gate, pool: Pool, key: bytes, register: Register) -> None:
        self._gate, self._key, self._register = gate, key, register
        self._turns = Turns(pool, register.table)
        self._filters: SchemaValidator = list_reader(register.filters)

    async def show(self, request: Request) -> Response:
        caller = await self._gate.admit(request)
        require_role(caller, AUDITORS)
        asked = incoming.parse_texts(self._filters, read_query(request, frozenset()))
        incoming.require_plain(asked)
        size = min(asked.get("page_size") or PAGE, MOST)
        given = {name: asked[name] for name in self._register.filters if name in asked}
        which = Which(significant(caller.area), given)
        scope = f"{self._register.path} {which}".encode()
        before = self._position(scope, asked.get("page_token", ""))
        rows, total = await self._read(which, before, size + 1, count=asked.get("count", False))
        shown = rows[:size]
        token = sign_token(self._key, scope, shown[-1]["position"]) if len(rows) > size else ""
        items = [self._register.shown(row) for row in shown]
        answer: dict[str, Any] = {"items": items, "next_page_token": token}
        if total is not None:
            answer |= {"total_size": min(total, COUNTED), "total_more": total > COUNTED}
        return Response(to_json(answer), media_type=JSON)

    async def _read(
        self, which: Which, before: int | None, size: int, *, count: bool
    ) -> tuple[list[Any], int | None]:
        """The lines, and how many there are if that is wanted. Raises Problem 503 if it takes too
        long."""
        try:
            async with self._turns.take() as conn:
                rows = await self._register.read(conn, which, before, size)
                total = await self._register.count(conn, which, COUNTED + 1) if count else None
                return rows, total
        except TooSlow as refusal:
            raise Problem(503, refusal.reason, refusal.facts) from refusal

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

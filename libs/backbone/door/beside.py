"""Rows that stand beside the documents and are shown as they are: each has a code over its columns.

A row whose code does not fit is not shown, with an alarm. Rows of before have no code: until the
time in `uncoded`, a day after the migration, the service gives them one; later none is without.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from backbone.door.codes import Codes
from backbone.door.counted import Counts
from backbone.door.evidence import Flaw
from backbone.postgres.pool import Connection, Pool, is_transient
from backbone.process.metrics import FORGED
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

# Rows of the release before may come during an upgrade.
PAUSE, PAGE = 600.0, 500
OPEN = "SELECT coalesce((SELECT until > clock_timestamp() FROM uncoded), false)"


@dataclass(frozen=True, slots=True)
class Beside:
    """A table, the columns that the code of a row covers, and those that name a row; `counted`: no
    event tells of its rows, so they are counted."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    counted: bool = False

    def told(self, row: Any) -> bytes:
        """What a row says, for its code."""
        said = msgspec.json.encode([row[name] for name in self.columns], enc_hook=str)
        return f"{self.table}\0".encode() + said

    def where(self, row: Any) -> str:
        key = (row[name] for name in self.key)
        named = (each.hex() if isinstance(each, bytes) else str(each) for each in key)
        return f"{self.table} {' '.join(named)}"

    @property
    def code_one(self) -> str:
        """The statement that writes the code of one row: the code is $1, the key follows."""
        named = " AND ".join(f"{name} = ${at}" for at, name in enumerate(self.key, 2))
        return f"UPDATE {self.table} SET proof = $1 WHERE {named}"  # noqa: S608  # our names

    @property
    def code_as_read(self) -> str:
        """The same statement for a row that has not changed since it was read: its `xmin` of then
        is the last parameter."""
        return f"{self.code_one} AND xmin::text = ${len(self.key) + 2}"

    def page(self, after: Sequence[Any], test: str) -> str:
        names = ", ".join(dict.fromkeys((*self.columns, *self.key, "proof")))
        key = ", ".join(self.key)
        place = ", ".join(f"${at}" for at, _ in enumerate(after, 1))
        later = f"({key}) > ({place})" if after else "true"
        return (
            f"SELECT {names}, xmin::text FROM {self.table} WHERE {later} AND {test} "  # noqa: S608
            f"ORDER BY {key} LIMIT {PAGE}"
        )


class CodedRows:
    """The rows of one such table, for the service that writes it. A tool or a test without keys
    gives no codes, and takes each row as it is."""

    def __init__(self, codes: Codes | None, of: Beside) -> None:
        self._codes, self.of = codes, of
        self._forged = FORGED.labels("row", codes.service if codes else "")
        self._counts = Counts(codes, of.table) if of.counted else None

    async def code(self, conn: Connection, rows: Iterable[Any]) -> None:
        """Write the codes of rows that this transaction has written, with all their columns."""
        for row in rows:
            key = [row[name] for name in self.of.key]
            await conn.execute(self.of.code_one, self.made(row), *key)

    async def wrote(self, conn: Connection, rows: Sequence[Any]) -> None:
        """Code and count new rows, at the end of the transaction that has written them."""
        await self.code(conn, rows)
        if self._counts is not None:
            await self._counts.add(conn, rows)

    def made(self, row: Any) -> bytes | None:
        """The code of a row that is about to be written."""
        return self._codes.of(self.of.told(row)) if self._codes else None

    def _fits(self, row: Any, given: bytes | None) -> bool:
        return self._codes is None or self._codes.fits(self.of.told(row), given)

    async def sound(self, on: Any, rows: Sequence[Any], proof: str = "proof") -> list[Any]:
        """Those that the service has written; the others ring the alarm. `proof` is the code's
        column, `on` reads until when a row may be without."""
        found = []
        for row in rows:
            bare = row[proof] is None
            if self._fits(row, row[proof]) or (bare and await on.fetchval(OPEN)):
                found.append(row)
                continue
            self.alarm(row)
        return found

    def alarm(self, row: Any) -> None:
        """Tell of a row that the service has not written so."""
        self._forged.inc()
        log.critical("row.forged", extra={"row": self.of.where(row)})

    async def is_sound(self, on: Any, row: Any, proof: str = "proof") -> bool:
        """Whether the service has written the row so; the alarm rings if not."""
        return bool(await self.sound(on, [row], proof))

    async def missing(self, conn: Any) -> AsyncIterator[Flaw]:
        """The months of which rows were removed by hand."""
        if self._counts is not None:
            async for flaw in self._counts.flaws(conn):
                yield flaw

    async def forged(self, conn: Any) -> AsyncIterator[str]:
        """Which rows the service has not written so; nothing is changed."""
        lenient = await conn.fetchval(OPEN)
        async for row in self._every(conn, "true"):
            bare = row["proof"] is None and lenient
            if not bare and not self._fits(row, row["proof"]):
                yield self.of.where(row)

    async def code_those_of_before(self, pool: Pool, pulse: Pulse) -> None:
        """Give rows of before their codes, again and again while rows may be without. Never ends,
        as a loop of the shell."""
        loop = f"codes of {self.of.table}"
        async for _ in pulse.rounds(loop, PAUSE):
            try:
                if self._counts is not None:
                    await self._counts.begin(pool)
                if not await pool.fetchval(OPEN):
                    break
                async with pool.acquire() as conn:
                    async for row in self._every(conn, "proof IS NULL"):
                        pulse.beat(loop)
                        key = [row[name] for name in self.of.key]
                        made = self.made(row)
                        await conn.execute(self.of.code_as_read, made, *key, row["xmin"])
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("coding.away", extra={"error": str(error)})
        pulse.ended(loop)
        await asyncio.Event().wait()

    async def _every(self, conn: Any, test: str) -> AsyncIterator[Any]:
        after: list[Any] = []
        while rows := await conn.fetch(self.of.page(after, test), *after):
            for row in rows:
                yield row
            await asyncio.sleep(0)
            after = [rows[-1][name] for name in self.of.key]

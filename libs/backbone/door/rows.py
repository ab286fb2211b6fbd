"""Rows of states: none is shown or decided upon unless the door has written it.

Beside each document stands a code over table, id, version, shape, document and the hash of the last
event, which only this service can make. The codes are made with the first key of the service, which
is never retired: the journal of an archived record is no longer there to prove its row. A row whose
code does not fit, or that has none yet, is folded from its journal, with chain and signatures
checked: so rows of earlier releases are proven. They get their code then. A row that is not what
its journal leads to is refused.

By its columns, and by the rows beside it, a row is only found. The question is put once
more to the document (`shown`), so that these show nothing to whom the document does not show it.
"""

import logging
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from backbone.door.beside import Beside, CodedRows
from backbone.door.codes import Codes
from backbone.door.decider import Decider
from backbone.door.journal import Sign, unsigned
from backbone.door.proven import ProvenJournal
from backbone.door.statements import HISTORY
from backbone.postgres.asking import Asked
from backbone.postgres.pool import Pool
from backbone.postgres.states import NOT_READ, UNREADABLE, Proven, taken
from backbone.process.metrics import FORGED
from backbone.words.errors import EVIDENCE_BROKEN, Broken, NotFound, Unavailable

log = logging.getLogger(__name__)

PAGE = 500
SEAL = """
UPDATE {table} SET proof = $3
WHERE id = $1 AND version = $2 AND proof IS NOT DISTINCT FROM $4::bytea
"""


class Rows:
    """Takes each row as it is, and gives it no code: a tool or a test has no keys.

    `sign` signs events.
    """

    def __init__(self, pool: Pool, sign: Sign = unsigned, service: str = "") -> None:
        self._pool, self.sign, self.service = pool, sign, service
        self._forged = FORGED.labels("row", service)
        self.codes: Codes | None = None

    def coded(self, of: Beside) -> CodedRows:
        """The rows of a table beside the documents."""
        return CodedRows(self.codes, of)

    def code(self, table: str, row: Sequence[Any]) -> bytes | None:
        """The code of a row: its id, version, shape, document and hash."""
        return None

    async def prove(self, decider: Decider[Any], row: Any, on: Any = None) -> Proven:
        """The row, if the door has written it; `on` is the connection of a transaction. Raises
        Broken, with an alarm."""
        return taken(row)

    async def life(self, of: UUID, upto: int, on: Any) -> list[Any]:
        """The journal of an aggregate up to a version; `on` is the connection of a transaction.
        Raises Broken, with an alarm."""
        return list(await on.fetch(HISTORY, of, upto))

    def of(self, decider: Decider[Any]) -> "RowsOf":
        return RowsOf(self, self._pool, decider)

    def alarmed(self, decider: Decider[Any], row: Any, wrong: str) -> Broken:
        """Tell of a row that the door has not written so."""
        self._forged.inc()
        place = {"table": decider.table.name, "id": str(row["id"]), "version": row["version"]}
        log.critical("row.forged", extra={**place, "wrong": wrong})
        return Broken(EVIDENCE_BROKEN, version=row["version"])


@dataclass(frozen=True, slots=True)
class RowsOf:
    """The rows of one table. A person is shown only rows that passed `shown`; the other methods
    read for the service itself."""

    rows: Rows
    pool: Pool
    decider: Decider[Any]

    async def prove(self, row: Any) -> Proven:
        """Raises Broken, with an alarm, for a row that the door has not written."""
        return await self.rows.prove(self.decider, row)

    async def shown(self, row: Any, asked: Asked) -> Proven | None:
        """Return the row with its state if its document satisfies `asked`.

        Return None and give the alarm if only its columns, or rows beside it, satisfy that. Raises
        Broken as `prove` does.
        """
        proven = await self.prove(row)
        state = self.decider.from_row(proven)
        if not asked.has(self.decider.table.row_of(state)):
            self.rows.alarmed(self.decider, row, "was found by what its document does not say")
            return None
        return replace(proven, state=state)

    async def one(self, statement: str, *values: Any) -> Proven | None:
        """The row of a statement, or None. Raises Broken as `prove` does."""
        row = await self.pool.fetchrow(statement, *values)
        return None if row is None else await self.prove(row)

    async def some(self, statement: str, *values: Any) -> list[Proven]:
        """The rows of a statement that are sound."""
        return await self.sound(await self.pool.fetch(statement, *values))

    async def sound(self, rows: Iterable[Any]) -> list[Proven]:
        """A row that is forged is left out, with an alarm, and hides no other."""
        return await _without_forged(self.prove(row) for row in rows)

    async def all_shown(self, rows: Iterable[Any], asked: Asked) -> list[Proven]:
        """Those of the rows that `shown` shows."""
        return await _without_forged(self.shown(row, asked) for row in rows)

    async def listed(self, rows: Iterable[Any], asked: Asked) -> list[Proven]:
        """The same for a list that people read: a row that cannot be read, such as one of a newer
        release, is left out and logged, and hides no other."""
        return await _without_forged(self._readable(row, asked) for row in rows)

    async def _readable(self, row: Any, asked: Asked) -> Proven | None:
        try:
            return await self.shown(row, asked)
        except UNREADABLE as error:
            log.error(NOT_READ, extra={"table": self.decider.table.name}, exc_info=error)
            return None


async def _without_forged(rows: Iterable[Awaitable[Proven | None]]) -> list[Proven]:
    found = []
    for each in rows:
        try:
            row = await each
        except Broken:
            continue
        if row is not None:
            found.append(row)
    return found


class ProvenRows(Rows):
    """Proves the rows of one service's tables, and gives the codes of those that it writes."""

    def __init__(self, pool: Pool, journal: ProvenJournal, sign: Sign = unsigned) -> None:
        """`sign` signs events as the service, whose codes and name `journal` has."""
        super().__init__(pool, sign, journal.service)
        self.journal = journal
        self.codes = self._codes = journal.codes

    def code(self, table: str, row: Sequence[Any]) -> bytes:
        return self._codes.of(told(table, row))

    async def prove(self, decider: Decider[Any], row: Any, on: Any = None) -> Proven:
        ended = row.get("ended", row["hash"])
        if ended != row["hash"]:
            raise self.alarmed(decider, row, "does not end its journal")
        if not self._is_coded(decider.table.name, row):
            await self._fold(decider, row, on)
        return taken(row)

    def _is_coded(self, table: str, row: Any) -> bool:
        values = [row[name] for name in ("id", "version", "shape", "doc", "hash")]
        return self._codes.fits(told(table, values), row["proof"])

    async def _fold(self, decider: Decider[Any], row: Any, on: Any) -> None:
        """Compare the row with its journal, and write its code. Raises Broken."""
        table, of, version = decider.table.name, row["id"], row["version"]
        try:
            life = await self.life(of, version, on)
        except NotFound as error:  # an archived row has its code: the archiver leaves others
            raise self.alarmed(decider, row, "has no code, and its journal is archived") from error
        if not life or (life[-1]["version"], life[-1]["hash"]) != (version, row["hash"]):
            raise self.alarmed(decider, row, "does not end its journal")
        try:
            shown = decider.from_doc(row["doc"], row["shape"])
            state = decider.fold(each["payload"] for each in life)
        except (ValueError, TypeError, LookupError, AttributeError, Unavailable) as error:
            # Also of a newer release, which would have coded it: its shape was raised by hand.
            raise self.alarmed(decider, row, f"cannot be read: {error!r}") from error
        if shown != state:
            raise self.alarmed(decider, row, "is not what its journal leads to")
        if on is None:
            values = [row[name] for name in ("id", "version", "shape", "doc", "hash")]
            code = self.code(table, values)
            await self._pool.execute(SEAL.format(table=table), of, version, code, row["proof"])

    async def life(self, of: UUID, upto: int, on: Any) -> list[Any]:
        life: list[Any] = []
        while len(life) < upto:
            after = life[-1]["version"] if life else 0
            most = min(PAGE, upto - after)
            found = await self.journal.rows(of, after, most, upto, on)
            if not found:
                break
            life += found
        return life


def told(table: str, row: Sequence[Any]) -> bytes:
    """What a row says, for its code: its id, version, shape, document and hash."""
    of, version, shape, doc, last = row
    return f"{table}\0{of}\0{version}\0{shape}\0{last.hex()}\0{doc}".encode()

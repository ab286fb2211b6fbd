"""Makes the prover of a service's rows, and proves all of them for the nightly check."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import UUID

from backbone.directory.replica import COPIES
from backbone.door.beside import Beside, CodedRows
from backbone.door.codes import Codes
from backbone.door.columns import names_of, wrong_beside, wrong_in
from backbone.door.decider import Decider
from backbone.door.demanded import UNSIGNED
from backbone.door.evidence import LOWEST_ID, TURN, Flaw
from backbone.door.proven import ProvenJournal
from backbone.door.rows import ProvenRows
from backbone.door.stored import OUTCOMES
from backbone.door.written import missing
from backbone.kafka.inbox import LINKS
from backbone.postgres.pool import Pool
from backbone.postgres.states import with_proof
from backbone.process.settings import Settings
from backbone.words.errors import Broken, Unavailable

PAGE = 500
EVERY = "SELECT {state}, {columns} FROM {table} AS t WHERE id > $1 ORDER BY id LIMIT $2"


def rows_of(pool: Pool, settings: Settings) -> ProvenRows:
    """The prover with the keys of this service and the public keys of all."""
    codes = Codes(settings.keyring, settings.schema)
    journal = ProvenJournal(pool, settings.signatures, settings.schema, codes)
    return ProvenRows(pool, journal, settings.signatures.sign)


def besides(deciders: Sequence[Decider[Any]]) -> Iterator[Beside]:
    """The tables of a service with rows that have codes of their own, beside its documents'."""
    yield LINKS
    yield OUTCOMES
    yield COPIES
    yield UNSIGNED
    for decider in deciders:
        yield from decider.table.beside


async def forged_rows(
    conn: Any, rows: ProvenRows, deciders: Sequence[Decider[Any]], on: Any = None
) -> AsyncIterator[Flaw]:
    """Prove every row; yield those that the door has not written, those that are found by other
    columns than their documents say, and wrong and missing rows beside them.

    Rows of before get their code, unless `on` is the connection by which their journal is read.
    """
    for decider in deciders:
        async for flaw in _forged_of(conn, rows, decider, on):
            yield flaw
        async for flaw in wrong_beside(conn, decider.table):
            yield flaw
        for written in decider.table.written:
            async for flaw in missing(conn, decider.table.name, written):
                yield flaw
    for of in besides(deciders):
        async for flaw in _wrong_in(conn, rows.coded(of)):
            yield flaw


async def _wrong_in(conn: Any, coded: CodedRows) -> AsyncIterator[Flaw]:
    async for where in coded.forged(conn):
        yield Flaw(where, "is not what the service has written")
    async for flaw in coded.missing(conn):
        yield flaw


async def _forged_of(
    conn: Any, rows: ProvenRows, decider: Decider[Any], on: Any
) -> AsyncIterator[Flaw]:
    last, table = LOWEST_ID, decider.table
    every = EVERY.format(state=with_proof("t"), columns=names_of(table), table=table.name)
    while found := await conn.fetch(every, last, PAGE):
        for number, row in enumerate(found):
            if number % TURN == 0:
                await asyncio.sleep(0)
            if wrong := await _wrong_with(rows, decider, row, on):
                yield Flaw(f"{table.name} {row['id']}", wrong)
        last = UUID(str(found[-1]["id"]))


async def _wrong_with(rows: ProvenRows, decider: Decider[Any], row: Any, on: Any) -> str:
    try:
        proven = await rows.prove(decider, row, on)
    except (Broken, Unavailable):  # a shape of a newer release that no code proves is forged, too
        return "is not what the door has written"
    try:
        wrong = wrong_in(decider.table, decider.from_row(proven), row)
    except (ValueError, TypeError, Unavailable) as error:
        return f"cannot be read: {error!r}"
    return f"is found by other columns than its document says: {', '.join(wrong)}" if wrong else ""

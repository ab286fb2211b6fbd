"""Makes the prover of a service's rows, and proves all of them for the nightly check."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from backbone.door.decider import Decider
from backbone.door.evidence import LOWEST_ID, TURN, Flaw
from backbone.door.proven import ProvenJournal
from backbone.door.rows import ProvenRows
from backbone.postgres.pool import Pool
from backbone.postgres.states import with_proof
from backbone.process.settings import Settings
from backbone.words.errors import Broken

PAGE = 500
EVERY = "SELECT {state} FROM {table} AS t WHERE id > $1 ORDER BY id LIMIT $2"


def rows_of(pool: Pool, settings: Settings) -> ProvenRows:
    """The prover with the keys of this service and the public keys of all."""
    journal = ProvenJournal(pool, settings.signatures, settings.schema)
    return ProvenRows(pool, settings.keyring, journal, settings.signatures.sign)


async def forged_rows(
    conn: Any, rows: ProvenRows, deciders: Sequence[Decider[Any]]
) -> AsyncIterator[Flaw]:
    """Prove every row; yield those that the door has not written. Rows of before get their code."""
    for decider in deciders:
        last, table = LOWEST_ID, decider.table.name
        every = EVERY.format(state=with_proof("t"), table=table)
        while found := await conn.fetch(every, last, PAGE):
            for number, row in enumerate(found):
                if number % TURN == 0:
                    await asyncio.sleep(0)
                if not await _is_sound(rows, decider, row):
                    yield Flaw(f"{table} {row['id']}", "is not what the door has written")
            last = UUID(str(found[-1]["id"]))


async def _is_sound(rows: ProvenRows, decider: Decider[Any], row: Any) -> bool:
    try:
        await rows.prove(decider, row)
    except Broken:
        return False
    return True

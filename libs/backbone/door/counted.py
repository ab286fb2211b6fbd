"""Counts of the rows beside the documents of which no event tells: none may be missing.

One row says how many were written in each month, under a code that only its service can make. A row
that was removed by hand is still counted; one that was swept is older than any city sweeps.
"""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from backbone.door.codes import Codes
from backbone.door.evidence import LONG, Flaw
from backbone.process import clock
from backbone.process.metrics import FORGED

log = logging.getLogger(__name__)

NAME = "row_counts"
READ = "SELECT since, months, proof FROM row_counts WHERE name = $1"
WRITE = "UPDATE row_counts SET months = $2, proof = $3 WHERE name = $1"
WRITTEN = """
SELECT to_char(time AT TIME ZONE 'UTC', 'YYYYMM') AS month, count(*) AS rows FROM {table}
WHERE time >= $1 GROUP BY 1
"""
# No city sweeps them earlier (deploy/retention.yaml).
KEPT = timedelta(days=365)
# After the migration, until the service has started.
UNCODED = timedelta(days=1)


class Counts:
    """The counts of one table, for the service that writes it; `codes` is None without keys."""

    def __init__(self, codes: Codes | None, table: str) -> None:
        self._codes, self._table = codes, table
        self._forged = FORGED.labels("row", codes.service if codes else "")

    async def add(self, conn: Any, rows: Iterable[Any]) -> None:
        """Count rows that this transaction has written. It must write nothing else afterwards that
        another one waits for: the counts stay locked until its end."""
        times = [row["time"].astimezone(UTC) for row in rows]
        if not times:
            return
        known = await conn.fetchrow(f"{READ} FOR UPDATE", self._table)
        if known is None or not self._is_sound(known):
            self._forged.inc()
            log.critical("row.forged", extra={"row": f"{NAME} {self._table}"})
            return  # a new code would make the changed counts look right
        months = Counter(_read(known["months"]))
        months.update(f"{each:%Y%m}" for each in times)
        await self._write(conn, known["since"], _written(months))

    async def begin(self, on: Any) -> None:
        """Give the counts their first code."""
        known = await on.fetchrow(READ, self._table)
        if known is not None and known["proof"] is None and self._is_sound(known):
            await self._write(on, known["since"], known["months"])

    async def flaws(self, conn: Any) -> AsyncIterator[Flaw]:
        """Counts that the service has not written so, and months with fewer rows than it wrote."""
        known = await conn.fetchrow(READ, self._table)  # first: a row may come meanwhile
        if known is None or not self._is_sound(known):
            yield Flaw(f"{NAME} {self._table}", "is not what the service has written")
            return
        found = await conn.fetch(WRITTEN.format(table=self._table), known["since"], timeout=LONG)
        present = {row["month"]: row["rows"] for row in found}
        since = clock.now() - KEPT
        for month, count in sorted(_read(known["months"]).items()):
            missing = count - present.get(month, 0)
            if missing > 0 and datetime.strptime(f"{month}+0000", "%Y%m%z") > since:
                what = f"has {missing} rows fewer of {month} than the service has written"
                yield Flaw(self._table, what)

    async def _write(self, on: Any, since: datetime, months: str) -> None:
        code = self._codes.of(self._told(since, months)) if self._codes else None
        await on.execute(WRITE, self._table, months, code)

    def _is_sound(self, known: Any) -> bool:
        if self._codes is None:
            return True
        if known["proof"] is None:
            return not known["months"] and known["since"] > clock.now() - UNCODED
        return self._codes.fits(self._told(known["since"], known["months"]), known["proof"])

    def _told(self, since: datetime, months: str) -> bytes:
        return "\0".join((NAME, self._table, since.astimezone(UTC).isoformat(), months)).encode()


def _read(months: str) -> dict[str, int]:
    """`202611=3 202612=1` by the month."""
    pairs = (each.partition("=") for each in months.split())
    return {month: int(count) for month, _, count in pairs}


def _written(months: dict[str, int]) -> str:
    return " ".join(f"{month}={months[month]}" for month in sorted(months))

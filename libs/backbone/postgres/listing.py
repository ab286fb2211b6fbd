"""Lists that stay fast: pages and counts of the rows that a caller may see, in order of rank.

A table takes part with a column `rank` (backbone.words.rank) and with indexes that begin with what
lists ask for and go on with rank and id (`Path`). A list is asked for with sights, any of which
suffices to see a row, and with filters, all of which hold. One of the filters is always bound by a
path, usually the states, so that there is a way to read every list.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from backbone.postgres import counting, scanning
from backbone.postgres.asking import Asked
from backbone.postgres.conditions import Parameters, Sight, any_of
from backbone.postgres.paging import MOST, read_token, scope_of, sign_token, size_of
from backbone.postgres.paths import NO_ID, Path, Place, Stream
from backbone.postgres.pool import Connection, Pool
from backbone.postgres.states import ENDED, NOT_READ, UNREADABLE, Proven, Show, with_proof
from backbone.postgres.turns import Turns
from backbone.words.errors import Broken
from backbone.words.rank import FIRST, Span

log = logging.getLogger(__name__)

M = TypeVar("M", bound=Message)
# Reads what the rows of a page need to be shown.
Before: TypeAlias = Callable[[Connection, Sequence[Any]], Awaitable[None]]

# The most bytes of one answer, well below the 4 MiB that gRPC carries.
MOST_BYTES = 3 * 1024 * 1024

ROWS = """
SELECT id, version, shape, doc, hash, proof FROM (
    SELECT {state}, rank,
           sum(octet_length(doc::text)) OVER (ORDER BY rank, id) AS bytes,
           row_number() OVER (ORDER BY rank, id) AS number
    FROM {table} AS t WHERE id = ANY($1)
) AS r WHERE bytes <= $2 OR number = 1 ORDER BY rank, id
"""
ONE = "SELECT {state}, {ended} FROM {table} AS t WHERE t.id = $1 AND {seen}"
STATE = {"state": with_proof("t"), "ended": ENDED.format(row="t")}


async def _nothing(conn: Connection, rows: Sequence[Any]) -> None:
    """Most rows need nothing else."""


class Lists:
    """The lists of one table, for one service."""

    def __init__(
        self, pool: Pool, key: bytes, table: str, paths: Sequence[Path], show: Show
    ) -> None:
        """`key` signs page tokens; `show` lets only those rows through that may be shown."""
        self._pool, self._key, self._table, self._paths = pool, key, table, paths
        self._show = show
        self._turns = Turns(pool, table)

    async def find(self, row_id: UUID, sights: Sequence[Sight]) -> Proven | None:
        """A row that one of the sights shows, or None. Raises Broken for one that is forged."""
        parameters = Parameters()
        parameters.add(row_id, "uuid")
        seen = any_of(sights, "t", parameters)
        statement = ONE.format(table=self._table, seen=seen, **STATE)
        row = await self._pool.fetchrow(statement, *parameters.values)
        return None if row is None else await self._show(row, Asked(tuple(sights)))

    async def answer(
        self,
        request: Any,
        response: Any,
        asked: Asked,
        show: Callable[[Any], Message],
        before: Before = _nothing,
    ) -> Any:
        """Fill the response of a list: `items`, `next_page_token`, and the size if it is wanted.

        `show` makes an item of a row; `before` reads what it needs for all of them. A page ends
        early where the answer would become too large. Raises InvalidArgument for a token of
        another list, and TooSlow.
        """
        async with self._turns.take() as conn:
            await self._fill(conn, request, response, asked, (before, show))
        return response

    async def size(self, asked: Asked) -> int:
        """How many rows the list shows; counting.MOST + 1 for any number beyond counting.MOST."""
        async with self._turns.take() as conn:
            return await self.count(conn, asked)

    async def _fill(
        self,
        conn: Connection,
        request: Any,
        response: Any,
        asked: Asked,
        showing: tuple[Before, Callable[[Any], Message]],
    ) -> None:
        before, show = showing
        scope, size = scope_of(request), size_of(request.page_size)
        token = read_token(self._key, scope, request.page_token, tuple[int, UUID])
        places = await self.places(conn, asked, token or (FIRST, NO_ID), size + 1)
        ids = [row_id for _, row_id in places[:size]]
        rows = await conn.fetch(ROWS.format(table=self._table, **STATE), ids, 2 * MOST_BYTES)
        await before(conn, rows)
        read: list[int] = []  # the numbers of the rows that could be read
        proven = [await self._shown(row, asked) for row in rows]
        items = within(self._readable(proven, show, read))
        response.items.extend(items)
        done = read[len(items)] if len(items) < len(read) else len(rows)
        if done < len(places):
            response.next_page_token = sign_token(self._key, scope, places[done - 1])
        if request.count:
            known = {row["id"]: each is not None for row, each in zip(rows, proven, strict=True)}
            whole = ids if token is None and len(places) <= size else None
            total = await self.count(conn, asked, known, whole)
            response.total_size = min(total, counting.MOST)
            response.total_more = total > counting.MOST

    async def _shown(self, row: Any, asked: Asked) -> Proven | None:
        """None for a row that is forged, of which the alarm has told, or that cannot be read: it
        hides no other."""
        try:
            return await self._show(row, asked)
        except Broken:
            return None
        except UNREADABLE as error:
            self._unreadable(error)
            return None

    def _readable(
        self, rows: Iterable[Proven | None], show: Callable[[Any], Message], read: list[int]
    ) -> Iterator[Message]:
        """Show each row; a row that cannot be read is left out and logged, and hides no other."""
        for number, row in enumerate(rows):
            if row is None:
                continue
            try:
                shown = show(row)
            except UNREADABLE as error:
                self._unreadable(error)
                continue
            read.append(number)
            yield shown

    def _unreadable(self, error: Exception) -> None:
        log.error(NOT_READ, extra={"table": self._table}, exc_info=error)

    async def places(
        self, conn: Connection, asked: Asked, after: Place, wanted: int
    ) -> list[Place]:
        """The first places of the list after a place."""
        found: set[Place] = set()
        for stream in streams_of(self._table, asked):
            found.update(await scanning.first_of(conn, self._paths, stream, after, wanted))
        return sorted(found)[:wanted]

    async def count(
        self,
        conn: Connection,
        asked: Asked,
        known: dict[UUID, bool] | None = None,
        whole: Sequence[UUID] | None = None,
    ) -> int:
        """How many rows the list shows; one more than `counting.MOST` for any number beyond.

        Rows that only their columns show are not counted, as long as all fit on the largest page:
        then each is proven. `known` says of some whether they are shown, and `whole` are the ids
        of the list, if they are known.
        """
        if whole is None:
            counted = await self._indexed(conn, asked)
            if counted > min(MOST, counting.MOST):
                return counted
            whole = [of for _, of in await self.places(conn, asked, (FIRST, NO_ID), MOST)]
        shown = dict(known or {})
        left = [of for of in whole if of not in shown]
        while left:
            rows = await conn.fetch(ROWS.format(table=self._table, **STATE), left, 2 * MOST_BYTES)
            for row in rows:
                shown[row["id"]] = await self._shown(row, asked) is not None
            left = left[len(rows) :] if rows else []
        return sum(shown.get(of, False) for of in whole)

    async def _indexed(self, conn: Connection, asked: Asked) -> int:
        """How many rows the columns show; one more than `counting.MOST` for any number beyond."""
        total = 0
        for span in asked.spans:
            streams = streams_in(span, self._table, asked)
            total += await counting.count(conn, self._paths, streams, asked.sights)
            if total > counting.MOST:
                break
        return min(total, counting.MOST + 1)


def streams_of(table: str, asked: Asked) -> list[Stream]:
    """One stream of rows for each of the sights in each part."""
    return [each for span in asked.spans for each in streams_in(span, table, asked)]


def streams_in(span: Span, table: str, asked: Asked) -> list[Stream]:
    return [Stream(table, (*sight, *asked.filters), span) for sight in asked.sights]


async def fitting(page: Callable[[int], Awaitable[Any]], size: int) -> Any:
    """The page of this size of a list that is put together of others, or a smaller page where all
    of it would not fit into one answer."""
    answer = await page(size)
    while answer.ByteSize() > MOST_BYTES and len(answer.items) > 1:
        answer = await page(len(answer.items) // 2)
    return answer


def within(items: Iterable[M], most: int = MOST_BYTES) -> list[M]:
    """The first items that fit into an answer, at least one of them."""
    found: list[M] = []
    size = 0
    for item in items:
        size += item.ByteSize()
        if found and size > most:
            break
        found.append(item)
    return found

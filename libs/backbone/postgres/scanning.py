"""Reading an index in the order of a list, piece by piece, until a page is full.

A path is an index that begins with some columns and goes on in the order of the lists, by rank and
id (backbone.postgres.paths). A scan reads one path for one stream of rows, in pieces that grow, and
stands still wherever the page is full. Which path is the best cannot be known before: the rows that
a filter lets through may all lie at its end. So the scans of all usable paths take turns, always
the one that promises to cost the least, and the first to fill the page wins. That costs at most
about so many times the best path's cost as there are paths, for any filter and any distribution.
"""

from collections.abc import Sequence
from typing import Any

from backbone.postgres.conditions import AnyOf, Condition, Member, Parameters, Under, all_of
from backbone.postgres.paths import NO_ID, Path, Place, Stream, is_empty
from backbone.postgres.pool import Connection

# Rows of the first piece, over all keys; a piece of a later turn has four times as many.
PIECE, SMALLEST, GROWTH = 256, 16, 4
# A row of the table costs as much as so many entries of an index. A path that only the span binds
# reads all rows: it is seldom the best, and has its turn less often.
ROW_COST, ALL_ROWS_COST = 30, 4
# A code with more codes below it in the table than these is no key of a path.
MOST_KEYS = 320

KEYS_BELOW = """
WITH RECURSIVE found (code) AS (
    (SELECT {column} FROM {table} WHERE {column} >= $1 AND {column} < $2
     ORDER BY {column} LIMIT 1)
    UNION ALL
    SELECT (SELECT {column} FROM {table}
            WHERE {column} > found.code AND {column} < $2
            ORDER BY {column} LIMIT 1)
    FROM found WHERE code IS NOT NULL
)
SELECT code FROM found WHERE code IS NOT NULL LIMIT $3
"""
PIECE_OF = """
SELECT p.rank, p.id, p.number, {fits} AS fits
FROM unnest({keys}) AS k ({names})
CROSS JOIN LATERAL (
    SELECT x.*, row_number() OVER (ORDER BY x.rank, x.id) AS number FROM (
        SELECT x.rank, x.id, {inside} AS fits FROM {source} AS x
        WHERE {bound} AND (x.rank, x.id) > ({rank}, {id}) AND x.rank < {end}
        ORDER BY x.rank, x.id LIMIT {piece}
    ) AS x
) AS p {join}
WHERE {fits} OR p.number = {piece}
ORDER BY p.rank, p.id LIMIT {most}
"""


class Scan:
    """One path for one stream. `found` are the places that fit, in order; nothing is left out."""

    def __init__(self, path: Path, bound: list[Condition], stream: Stream, after: Place) -> None:
        self.cost = 0
        self.found: list[Place] = []
        self.ended = False
        self._path, self._stream, self._bound = path, stream, bound
        self._rest = [each for each in stream.tests if each not in bound]
        self._needs_row = not all(each.column in path.holds for each in self._rest)
        self._entry_cost = entry_cost(bound, self._needs_row)
        self._after = max(after, (stream.span[0], NO_ID))
        self._keys: list[tuple[Any, ...]] | None = None
        self._piece = 0

    def cost_for(self, wanted: int) -> float:
        """The expected cost of the whole scan, by the rows that it has shown so far."""
        if self._keys is None:
            return self.cost + sum(isinstance(each, Under) for each in self._bound)
        least = self.cost + self._cost_of(self._next_piece())
        return max(least, self.cost * wanted / len(self.found)) if self.found else least

    async def advance(self, conn: Connection, wanted: int) -> None:
        """Read one more piece; LookupError where the path has too many keys."""
        if self._keys is None:
            self._keys = await self._read_keys(conn)
            return
        if not self._keys:
            self.ended = True
            return
        piece = self._next_piece()
        most = wanted - len(self.found) + len(self._keys)
        statement, values = self._statement(self._keys, piece, most)
        rows = await conn.fetch(statement, *values)
        self.cost += self._cost_of(piece)
        self._piece = piece
        self._take(rows, piece, most)

    def _take(self, rows: Sequence[Any], piece: int, most: int) -> None:
        """Keep what fits up to the first place where a key has more rows than its piece."""
        ends = [_place(row) for row in rows if row["number"] == piece]
        if len(rows) == most:
            ends.append(_place(rows[-1]))
        end = min(ends, default=None)
        fitting = [_place(row) for row in rows if row["fits"]]
        self.found += fitting if end is None else [each for each in fitting if each <= end]
        self.ended = end is None
        self._after = self._after if end is None else end

    def _next_piece(self) -> int:
        if self._piece:
            return self._piece * GROWTH
        return max(
            SMALLEST, PIECE // max(1, len(self._keys or ())) // (8 if self._needs_row else 1)
        )

    def _cost_of(self, piece: int) -> int:
        return piece * len(self._keys or ()) * self._entry_cost

    async def _read_keys(self, conn: Connection) -> list[tuple[Any, ...]]:
        keys: list[tuple[Any, ...]] = [()]
        for each in self._bound:
            values = await self._values_of(conn, each)
            keys = [(*key, value) for key in keys for value in values]
        if len(keys) > MOST_KEYS:
            raise LookupError("too many keys")
        return keys

    async def _values_of(self, conn: Connection, bound: Condition) -> Sequence[Any]:
        if isinstance(bound, Member):
            return (bound.value,)
        if isinstance(bound, AnyOf):
            return bound.values
        if not isinstance(bound, Under):
            raise TypeError(f"no path is bound by {bound}")
        statement = KEYS_BELOW.format(column=bound.column, table=self._stream.table)
        rows = await conn.fetch(statement, *bound.span, MOST_KEYS + 1)
        self.cost += 2 * len(rows)
        if len(rows) > MOST_KEYS:
            raise LookupError("too many keys")
        return [row["code"] for row in rows if bound.has(row["code"])]

    def _statement(
        self, keys: list[tuple[Any, ...]], piece: int, most: int
    ) -> tuple[str, list[Any]]:
        parameters, path = Parameters(), self._path
        kinds = [each.kind if isinstance(each, AnyOf) else "text" for each in self._bound]
        arrays = [
            parameters.add(list(column), f"{kind}[]")
            for column, kind in zip(zip(*keys, strict=True), kinds, strict=True)
        ]
        names = [f"k{number}" for number in range(len(arrays))]
        bound = [f"x.{c} = k.{n}" for c, n in zip(path.columns, names, strict=True)]
        joined = bool(path.source) and self._needs_row
        test = all_of(self._rest, "t" if joined else "x", parameters)
        return PIECE_OF.format(
            keys=", ".join(arrays),
            names=", ".join(names),
            inside="true" if joined else test,
            fits=test if joined else "p.fits",
            source=path.source or self._stream.table,
            bound=" AND ".join([*bound, *([path.where] if path.where else [])]),
            rank=parameters.add(self._after[0], "bigint"),
            id=parameters.add(self._after[1], "uuid"),
            end=parameters.add(self._stream.span[1], "bigint"),
            piece=parameters.add(piece, "bigint"),
            join=f"JOIN {self._stream.table} AS t ON t.id = p.id" if joined else "",
            most=parameters.add(most, "bigint"),
        ), parameters.values


def entry_cost(bound: Sequence[Condition], needs_row: bool) -> int:
    """The cost of one entry of a path that is bound like this."""
    reads_all = all(isinstance(each, AnyOf) and each.implied for each in bound)
    return (ALL_ROWS_COST if reads_all else 1) * (ROW_COST if needs_row else 1)


def _place(row: Any) -> Place:
    return row["rank"], row["id"]


def scans_of(paths: Sequence[Path], stream: Stream, after: Place) -> list[Scan]:
    """A scan for every path that the stream's conditions bind."""
    bound = [(path, path.bound_by(stream)) for path in paths]
    return [Scan(path, by, stream, after) for path, by in bound if by is not None]


async def first_of(
    conn: Connection, paths: Sequence[Path], stream: Stream, after: Place, wanted: int
) -> list[Place]:
    """The first places of the stream after a place, by the path that gets there first.

    Raises LookupError, a bug of the list's declaration, where no path can read the stream.
    """
    if is_empty(stream):
        return []
    scans = scans_of(paths, stream, after)
    while scans:
        scan = min(scans, key=lambda each: each.cost_for(wanted))
        try:
            await scan.advance(conn, wanted)
        except LookupError:
            scans.remove(scan)
            continue
        if scan.ended or len(scan.found) >= wanted:
            return scan.found[:wanted]
    raise LookupError(f"no path reads {stream}")

"""How many rows a list shows: exactly up to a number, and "more" beyond it."""

from collections.abc import Sequence
from typing import Any

from backbone.postgres.conditions import AnyOf, Condition, Parameters, Sight, Under, all_of, any_of
from backbone.postgres.paths import Path, Stream, is_empty
from backbone.postgres.pool import Connection
from backbone.postgres.scanning import ROW_COST, entry_cost

MOST = 10_000
# Entries of an index in the first piece. A later piece begins anew and is so large that by what the
# one before has shown it is enough, within these limits.
PIECE, LEAST_GROWTH, MOST_GROWTH = 12_000, 2, 12

PIECE_OF = """
SELECT count(*) AS read, count(*) FILTER (WHERE {fits}) AS fits FROM (
    SELECT x.id, {inside} AS fits FROM {source} AS x WHERE {bound} LIMIT {piece}
) AS p {join}
"""


async def count(
    conn: Connection, paths: Sequence[Path], streams: Sequence[Stream], sights: Sequence[Sight]
) -> int:
    """The rows of all streams, each once; MOST + 1 for any number beyond MOST.

    `sights` are the conditions that tell the streams apart, in the same order.
    """
    total = 0
    for number, stream in enumerate(streams):
        alone = await count_of(conn, paths, stream, ())
        if alone > MOST:
            return MOST + 1
        if number and alone:
            alone = await count_of(conn, paths, stream, sights[:number])
        total += alone
    return min(total, MOST + 1)


async def count_of(
    conn: Connection, paths: Sequence[Path], stream: Stream, but: Sequence[Sight]
) -> int:
    """The rows of one stream without those that a sight of `but` shows; MOST + 1 beyond MOST."""
    if is_empty(stream):
        return 0
    counts = [_Count(path, by, stream, but) for path in paths
              if (by := path.bound_by(stream)) is not None]  # fmt: skip
    while True:
        cheapest = min(counts, key=lambda each: each.whole_cost)
        found = await cheapest.advance(conn)
        if found is not None:
            return found


class _Count:
    """One path for one stream, read from its beginning in pieces that grow."""

    def __init__(
        self, path: Path, bound: list[Condition], stream: Stream, but: Sequence[Sight]
    ) -> None:
        self._path, self._bound, self._stream, self._but = path, bound, stream, but
        self._rest = [each for each in stream.tests if not _is_exact(each, bound)]
        tested = {each.column for each in self._rest}
        tested |= {each.column for sight in but for each in sight}
        self._needs_row = not tested <= path.holds | set(path.columns)
        self._read_so_far = self._enough = 0
        self._entry_cost = entry_cost(bound, self._needs_row)
        self._piece = max(1, PIECE // (ROW_COST if self._needs_row else 1))

    @property
    def whole_cost(self) -> int:
        """The expected cost of the whole count, by the rows that it has shown so far."""
        return self._cost_of(self._read_so_far + max(self._piece, self._enough))

    def _cost_of(self, entries: int) -> int:
        return entries * self._entry_cost

    async def advance(self, conn: Connection) -> int | None:
        """The count, or None where the path goes on beyond this piece."""
        statement, values = self._statement()
        row: Any = await conn.fetchrow(statement, *values)
        read, fits = row["read"], row["fits"]
        if read < self._piece or fits > MOST:
            return min(int(fits), MOST + 1)
        self._read_so_far += read
        self._enough = int(1.2 * MOST * read / max(fits, 1))
        least, most = LEAST_GROWTH * self._piece, MOST_GROWTH * self._piece
        self._piece = min(max(self._enough, least), most)
        return None

    def _statement(self) -> tuple[str, list[Any]]:
        parameters, path = Parameters(), self._path
        bound = [
            _range(column, by, parameters)
            for column, by in zip(path.columns, self._bound, strict=True)
        ]
        bound += [path.where] if path.where else []
        bound += [f"x.rank >= {parameters.add(self._stream.span[0], 'bigint')}"]
        bound += [f"x.rank < {parameters.add(self._stream.span[1], 'bigint')}"]
        piece = parameters.add(self._piece, "bigint")
        joined = bool(path.source) and self._needs_row
        row = "t" if joined else "x"
        test = all_of(self._rest, row, parameters)
        if self._but:
            test = f"({test} AND NOT {any_of(self._but, row, parameters)})"
        return PIECE_OF.format(
            fits=test if joined else "p.fits",
            inside="true" if joined else test,
            source=path.source or self._stream.table,
            bound=" AND ".join(bound),
            piece=piece,
            join=f"JOIN {self._stream.table} AS t ON t.id = p.id" if joined else "",
        ), parameters.values


def _is_exact(condition: Condition, bound: Sequence[Condition]) -> bool:
    """Whether the index alone keeps to the condition; a range may hold codes beside the tree."""
    return condition in bound and not (isinstance(condition, Under) and condition.separator)


def _range(column: str, by: Condition, parameters: Parameters) -> str:
    if isinstance(by, Under):
        start, end = (parameters.add(each, "text") for each in by.span)
        return f"x.{column} >= {start} AND x.{column} < {end}"
    if isinstance(by, AnyOf):
        return by.sql("x", parameters)
    return f"x.{column} = {parameters.add(by.value, 'text')}"

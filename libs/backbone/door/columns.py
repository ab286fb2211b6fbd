"""Whether the columns and the rows beside a document, by which it is found, are what it says.

A list shows nothing by columns that were changed by hand (`rows`), but cannot miss what they hide:
that is found here, by the nightly check and by `liandong verify`.
"""

from collections.abc import AsyncIterator
from typing import Any

from backbone.door.evidence import LONG, Flaw
from backbone.door.table import Table
from backbone.postgres.paths import Path

# A record that has no row, or another one, for an element of its array.
LACKING = """
SELECT t.id FROM {table} AS t CROSS JOIN LATERAL unnest(t.{array}) AS e (element)
WHERE t.rank >= {first} AND t.rank < {end} AND NOT EXISTS (
    SELECT FROM {source} AS x
    WHERE x.{column} = e.element AND x.rank = t.rank AND x.id = t.id AND {where} AND {same})
LIMIT 100
"""
# A row beside of which no record knows.
BEYOND = """
SELECT x.id FROM {source} AS x
WHERE x.rank >= {first} AND x.rank < {end} AND {where} AND NOT EXISTS (
    SELECT FROM {table} AS t
    WHERE t.id = x.id AND t.rank = x.rank AND x.{column} = ANY(t.{array}))
LIMIT 100
"""


def names_of(table: Table[Any]) -> str:
    """The columns of a SELECT of rows that `wrong_in` looks at, of the table with the alias t."""
    return ", ".join(f"t.{name}" for name in dict.fromkeys((*table.columns, *table.derived)))


def wrong_in(table: Table[Any], state: Any, row: Any) -> list[str]:
    """The columns of the row that are not what its document says."""
    said = table.row_of(state)
    return sorted(name for name, value in said.items() if row[name] != _column(value))


def _column(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


async def wrong_beside(conn: Any, table: Table[Any]) -> AsyncIterator[Flaw]:
    """The rows that stand beside those of the table, and are not what these say."""
    for path in table.paths:
        if not path.source:
            continue
        parts = _parts(table, path)
        for row in await conn.fetch(LACKING.format(**parts), timeout=LONG):
            yield Flaw(f"{table.name} {row['id']}", f"is not listed as it says in {path.source}")
        for row in await conn.fetch(BEYOND.format(**parts), timeout=LONG):
            yield Flaw(f"{path.source} {row['id']}", f"lists what {table.name} does not say")


def _parts(table: Table[Any], path: Path) -> dict[str, Any]:
    [(column, array)] = path.elements.items()
    same = [f"x.{name} IS NOT DISTINCT FROM t.{name}" for name in sorted(path.holds)]
    return {
        "table": table.name,
        "source": path.source,
        "column": column,
        "array": array,
        "where": path.where or "true",
        "same": " AND ".join(same) or "true",
        "first": path.span[0],
        "end": path.span[1],
    }

"""Rows that a test has changed by hand, as the service itself would have written them."""

from typing import Any

from backbone.door.codes import Codes
from backbone.door.proven import ProvenJournal
from backbone.door.rows import ProvenRows
from backbone.process.keyring import Keyring

ROW = "SELECT id, version, shape, doc::text AS doc, hash FROM {table}"


async def prove_again(conn: Any, keyring: Keyring, table: str) -> None:
    """Give all rows of a table (`schema.table`) the code of the service with these keys."""
    schema, _, name = table.partition(".")
    nothing: Any = None
    rows = ProvenRows(nothing, ProvenJournal(nothing, nothing, schema, Codes(keyring, schema)))
    for row in await conn.fetch(ROW.format(table=table)):
        code = rows.code(name, list(row.values()))
        await conn.execute(f"UPDATE {table} SET proof = $2 WHERE id = $1", row["id"], code)


async def changed_by_hand(
    conn: Any, keyring: Keyring, table: str, statement: str, *values: Any
) -> None:
    """Change rows of a table, and prove them, in one transaction."""
    async with conn.transaction():
        await conn.execute(statement, *values)
        await prove_again(conn, keyring, table)

"""A service's copy of the city, put into its table as the service itself would have written it."""

from collections.abc import Iterable
from typing import Any

from backbone.directory.entries import to_entry
from backbone.directory.replica import COPIES
from backbone.door.beside import CodedRows
from backbone.door.codes import Codes
from backbone.process.keyring import Keyring
from backbone.words.city import Record

PLANT = """
INSERT INTO {schema}.replica (key, version, value, proof) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


async def plant(
    conn: Any, schema: str, keyring: Keyring, records: Iterable[Record | None], version: int
) -> None:
    coded = CodedRows(Codes(keyring, schema), COPIES)
    rows = []
    for record in records:
        if record is not None:
            entry = to_entry(record, version)
            row = {"key": entry.key, "version": version, "value": entry.SerializeToString()}
            rows.append((*row.values(), coded.made(row)))
    await conn.executemany(PLANT.format(schema=schema), rows)

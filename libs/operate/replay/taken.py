"""Rows that the city has already: found by the stamps that receipts and petitions keep of them.

They are looked up before anything is sent, so that a file may come again after any time, under any
name and with further rows: what was taken is told, and gone on with where it was left.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from operate.replay.client import Client
from operate.replay.identity import Repeat, parts_of
from operate.replay.petition_file import key_in
from operate.replay.rows import Call, Day, Letter, Row

PAGE = 200

Record = Mapping[str, Any]
# Key and content of the row that a record was made of, and the record.
Found = tuple[str, str, Record]


async def receipts_of(desk: Client, keys: Collection[str]) -> AsyncIterator[Found]:
    """The receipts of these rows, doubled ones included."""
    async for receipt in desk.every("/v1/receipts", page_size=PAGE):
        key, content = parts_of(receipt["reference"])
        if key in keys:
            yield key, content, receipt


async def petitions_of(offices: Sequence[Client], keys: Collection[str]) -> AsyncIterator[Found]:
    for office in offices:
        async for petition in office.every("/v1/petitions", page_size=PAGE):
            key, content = parts_of(key_in(petition["text"]))
            if key in keys:
                yield key, content, petition


@dataclass(slots=True)
class Taken:
    """`records` are those of rows to go on with, by key; `rows` are all that are not refused.

    `repeats` are the rows that were taken before, `changed` those of which another content was
    taken: they are not sent, because the record that exists is the one to be corrected.
    """

    rows: Sequence[Row]
    records: dict[str, Record] = field(default_factory=dict)
    repeats: list[Repeat] = field(default_factory=list)
    changed: list[Repeat] = field(default_factory=list)


async def look(day: Day, desk: Client, offices: Sequence[Client]) -> Taken:
    """What the city has of the rows of a file; a day that was made here is sent as it is."""
    taken = Taken(day.rows, repeats=[*day.repeats])
    if not day.is_file:
        return taken
    known: dict[str, tuple[str, Record]] = {}
    if calls := {row.key for row in day.rows if isinstance(row, Call)}:
        known |= {key: (said, one) async for key, said, one in receipts_of(desk, calls)}
    if letters := {row.key for row in day.rows if isinstance(row, Letter)}:
        known |= {key: (said, one) async for key, said, one in petitions_of(offices, letters)}
    rows = []
    for row in day.rows:
        said, record = known.get(row.key, ("", None))
        if record is None:
            rows.append(row)
            continue
        told = Repeat(row.row, row.reference, code=record["code"])
        if said != parts_of(row.stamp)[1]:
            taken.changed.append(told)
            continue
        rows.append(row)
        taken.repeats.append(told)
        taken.records[row.key] = record
    taken.rows = tuple(rows)
    return taken

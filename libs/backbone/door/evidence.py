"""Checks the evidence of a journal row by row: chains, signatures, anchors and states.

The hash chain finds a row that was changed, removed or moved. The signature finds a row whose
chain was written anew without the key of the service. Anchors find a chain whose end, or that as
a whole, was removed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backbone.door.anchor import HASHES, PAGE, digest_of
from backbone.door.journal import FIRST, JournalRow, hash_of
from backbone.postgres.pool import Connection
from backbone.process.signing import Verifier
from backbone.words.actor import Actor

ANCHORS = "SELECT position, digest FROM anchors WHERE position > $1 ORDER BY position LIMIT $2"
COLUMNS = """
SELECT position, aggregate_id, version, kind, payload, request_id, actor, unit, time,
       correlation_id, causation_id, traceparent, hash, signature FROM journal
"""
ROWS = f"""{COLUMNS}
WHERE (aggregate_id, version) > ($1, $2) ORDER BY aggregate_id, version LIMIT $3
"""
# The last anchor whose rows stand in archives: those after it are in the journal.
FROM = "SELECT position, digest FROM archives ORDER BY position DESC LIMIT 1"
# The last row of a record that stands in an archive.
ARCHIVED = "SELECT version, hash FROM archived WHERE aggregate_id = $1"
# States whose version is not the last version of their journal, or whose hash is not its hash.
ASTRAY = """
SELECT t.id, t.version, ended.version AS journalled, t.hash IS DISTINCT FROM ended.hash AS other
FROM {table} AS t LEFT JOIN LATERAL (
    SELECT version, hash FROM journal WHERE aggregate_id = t.id
    UNION ALL SELECT version, hash FROM archived WHERE aggregate_id = t.id
    ORDER BY version DESC LIMIT 1
) AS ended ON true
WHERE t.version IS DISTINCT FROM ended.version OR t.hash IS DISTINCT FROM ended.hash
LIMIT 100
"""
GONE = """
SELECT aggregate_id, max(version) AS journalled FROM journal
WHERE {nowhere} GROUP BY aggregate_id LIMIT 100
"""
NOT_IN = "NOT EXISTS (SELECT FROM {table} WHERE id = aggregate_id)"
LOWEST_ID = UUID(int=0)
# Seconds for a statement that reads a whole table; rows after which other work has its turn.
LONG = 3_600.0
TURN = 20

Seen = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One inconsistency: `where` it is, and `what` is wrong there."""

    where: str
    what: str


def unseen(row: Any) -> None:
    """Do nothing with a row of the journal."""


@dataclass(frozen=True)
class Signed:
    """The service that signs the rows of one schema; rows up to `since` may be unsigned. If that
    place was moved by hand, all are asked for their signatures."""

    verifier: Verifier
    service: str
    since: int
    is_proven: bool = True

    def holds(self, row: Any) -> bool:
        if row["position"] <= self.since and not row["signature"]:
            return True
        record = record_of(row)
        statement = record.statement(topic_of(record.kind))
        return self.verifier.is_signed(self.service, statement, row["signature"])


def topic_of(kind: str) -> str:
    """The topic of an event by its type, `<topic's name>.<event>.v1`."""
    return f"{kind.rsplit('.', 2)[0]}.events.v1"


class Chain:
    """The chain of one aggregate, row after row."""

    __slots__ = ("_signed", "last", "version")

    def __init__(self, signed: Signed | None, version: int = 0, last: bytes = FIRST) -> None:
        self._signed = signed
        self.version, self.last = version, last

    def wrong_with(self, row: Any) -> str:
        """The flaw of the next row; empty if it is sound."""
        after, self.version = self.version, row["version"]
        previous, self.last = self.last, row["hash"]
        if row["version"] != after + 1:
            return f"follows version {after}"
        if row["hash"] != hash_of(record_of(row), previous):
            return "is not what was written, or follows another row"
        if self._signed is not None and not self._signed.holds(row):
            return f"is not signed by {self._signed.service}"
        return ""


async def verify(
    conn: Connection, *tables: str, signed: Signed | None = None, seen: Seen = unseen
) -> AsyncIterator[Flaw]:
    """Yield the flaws of all chains and anchors, and states that differ from their journals.

    `seen` hears of each row of the journal.
    """
    if signed is not None and not signed.is_proven:
        yield Flaw("signing", f"is not what {signed.service} has written: since when it signs")
    checks = (
        _verify_chains(conn, signed, seen),
        _verify_anchors(conn),
        _verify_states(conn, tables),
    )
    for check in checks:
        async for flaw in check:
            yield flaw


async def _verify_states(conn: Connection, tables: Sequence[str]) -> AsyncIterator[Flaw]:
    for table in tables:
        for row in await conn.fetch(ASTRAY.format(table=table), timeout=LONG):
            end = row["journalled"] or 0
            what = f"is at {row['version']}, its journal ends at {end}"
            if row["version"] == end:
                what = f"at {end} has another hash than its last event"
            yield Flaw(f"{table} {row['id']}", what)
    if not tables:
        return
    nowhere = " AND ".join(NOT_IN.format(table=table) for table in tables)
    for row in await conn.fetch(GONE.format(nowhere=nowhere), timeout=LONG):
        yield Flaw(f"journal {row['aggregate_id']}", f"has {row['journalled']} rows and no state")


async def _verify_chains(
    conn: Connection, signed: Signed | None, seen: Seen
) -> AsyncIterator[Flaw]:
    aggregate_id, chain = LOWEST_ID, Chain(signed)
    while rows := await conn.fetch(ROWS, aggregate_id, chain.version, PAGE):
        for number, row in enumerate(rows):
            if number % TURN == 0:
                await asyncio.sleep(0)
            if row["aggregate_id"] != aggregate_id:
                aggregate_id, chain = row["aggregate_id"], Chain(signed)
                if row["version"] > 1 and (before := await conn.fetchrow(ARCHIVED, aggregate_id)):
                    chain = Chain(signed, before["version"], before["hash"])
            if wrong := chain.wrong_with(row):
                yield Flaw(f"journal {aggregate_id}@{row['version']}", wrong)
            seen(row)


def record_of(row: Any) -> JournalRow:
    apart = ("actor", "unit", "position")
    plain = {name: value for name, value in row.items() if name not in apart}
    return JournalRow(**plain, actor=Actor(row["actor"], row["unit"]))


async def _verify_anchors(conn: Connection) -> AsyncIterator[Flaw]:
    begin = await conn.fetchrow(FROM)
    since, digest = (begin["position"], begin["digest"]) if begin else (0, FIRST)
    while anchors := await conn.fetch(ANCHORS, since, PAGE):
        for each in anchors:
            rows = await conn.fetch(HASHES, since, each["position"], PAGE + 1)
            if digest_of(digest, rows) != each["digest"]:
                yield Flaw(f"anchor {each['position']}", f"does not cover the rows since {since}")
            since, digest = each["position"], each["digest"]

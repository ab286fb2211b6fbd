"""Checks archives: files, chains, signatures, anchors, and that no month was left out."""

import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from backbone.door.anchor import digest_of
from backbone.door.evidence import ARCHIVED, Chain, Flaw, Seen, Signed
from backbone.door.journal import FIRST
from backbone.postgres.pool import Connection
from operate.archive import files, months
from operate.archive.files import Manifest
from operate.backup import manifest as sealing
from operate.home.keys import Keys

ANCHORS = """
SELECT position, digest FROM anchors WHERE position > $1 AND position <= $2 ORDER BY position
"""
# Records whose last archived row stands in a month.
ENDED = "SELECT aggregate_id, version, hash FROM archived WHERE month = $1"
UNREADABLE = (OSError, EOFError, zlib.error, msgspec.DecodeError, ValueError, KeyError, TypeError)


@dataclass
class Chains:
    """The chains of the records of one service over its archives, as far as they go on: of each
    record of a month some 300 bytes, until its last row has come."""

    signed: Signed | None
    open: dict[UUID, Chain] = field(default_factory=dict)
    # The first new row of each record that was opened again after it had been archived.
    again: dict[UUID, Any] = field(default_factory=dict)

    def wrong_with(self, row: Any) -> str:
        of, wrong = row["aggregate_id"], ""
        if of not in self.open and row["version"] > 1:
            self.again[of], chain = row, Chain(self.signed, row["version"], row["hash"])
        else:
            chain = self.open.get(of) or Chain(self.signed)
            wrong = chain.wrong_with(row)
        self.open[of] = chain
        return wrong

    async def wrong_again(self, conn: Connection) -> AsyncIterator[tuple[Any, str]]:
        """The rows that do not follow the end of their record in an earlier archive."""
        for of, row in self.again.items():
            before = await conn.fetchrow(ARCHIVED, of)
            chain = Chain(self.signed, *(before or (0, FIRST)))
            if wrong := chain.wrong_with(row):
                yield row, wrong
        self.again.clear()

    def end(self, of: UUID, version: int, hash_: bytes) -> bool:
        """Whether the record's rows end so. Forgets it: only what goes on is kept in memory."""
        chain = self.open.pop(of, None) or Chain(None)
        return (chain.version, chain.last) == (version, hash_)


async def verify(
    conn: Connection, service: str, keys: Keys, place: str, signed: Signed | None, seen: Seen
) -> AsyncIterator[Flaw]:
    """Yield the flaws of all archives of the schema of this connection, in order.

    `place` is the folder of the files; empty for the one in which each was written.
    """
    chains, before = Chains(signed), ""
    for known in await months.archives(conn):
        folder, month = Path(place or known["place"]), known["month"]
        where = f"archive {month}"
        manifest = files.read_manifest(folder, service, month)
        if wrong := wrong_manifest(manifest, known, before, keys):
            yield Flaw(where, f"{wrong} ({folder})")
        before = known["manifest"].hex()
        if manifest is None or wrong:
            continue
        if wrong := wrong_file(folder, manifest):
            yield Flaw(where, f"{wrong} ({folder})")
            continue
        anchors = await conn.fetch(ANCHORS, manifest.since, manifest.position)
        for flaw in flaws_in(folder, manifest, anchors, chains, seen):
            yield flaw
        async for row, wrong in chains.wrong_again(conn):
            yield Flaw(f"{where} {row['aggregate_id']}@{row['version']}", wrong)
        async for flaw in _ended(conn, month, chains):
            yield flaw


async def _ended(conn: Connection, month: int, chains: Chains) -> AsyncIterator[Flaw]:
    async with conn.transaction(readonly=True):
        async for row in conn.cursor(ENDED, month, prefetch=1_000):
            if not chains.end(row["aggregate_id"], row["version"], row["hash"]):
                where = f"archived {row['aggregate_id']}@{row['version']}"
                yield Flaw(where, f"is not the last row of it up to the archive {month}")


def wrong_manifest(manifest: Manifest | None, row: Any, before: str, keys: Keys) -> str:
    """Why a manifest is not the one that the database knows; empty if it is."""
    if manifest is None:
        return "has no manifest: name the folder of the archives with --archives"
    if manifest != files.sealed(manifest, keys) or manifest.before != before:
        return "has a manifest that was not sealed by this city, or follows another one"
    if manifest.hash != row["manifest"] or manifest.digest != row["digest"].hex():
        return "has another manifest than was written"
    return ""


def wrong_file(place: Path, manifest: Manifest) -> str:
    path = files.file_of(place, manifest.service, manifest.month)
    if not path.exists():
        return "has no file"
    return "" if sealing.digest_of(path) == manifest.sha256 else "has a file that was changed"


def flaws_in(
    place: Path, manifest: Manifest, anchors: Sequence[Any], chains: Chains, seen: Seen
) -> Iterator[Flaw]:
    """The flaws of the rows of one archive: of their chains, signatures and anchors."""
    where, flaws = f"archive {manifest.month}", list[Flaw]()

    def looked_at() -> Iterator[Any]:
        for row in files.rows_of(place, manifest.service, manifest.month):
            if wrong := chains.wrong_with(row):
                flaws.append(Flaw(f"{where} {row['aggregate_id']}@{row['version']}", wrong))
            seen(row)
            yield row

    try:
        for wrong in wrong_anchors(looked_at(), anchors, bytes.fromhex(manifest.start)):
            flaws.append(Flaw(where, wrong))
    except UNREADABLE as error:
        flaws.append(Flaw(where, f"cannot be read: {error!r}"))
    yield from flaws


def wrong_anchors(rows: Iterable[Any], anchors: Sequence[Any], start: bytes) -> Iterator[str]:
    """The flaws that anchors reveal in rows, both in the order of positions."""
    rest = iter(rows)
    row = next(rest, None)

    def upto(position: int) -> Iterator[Any]:
        """The next rows: one at a time, as a whole month may lie between two anchors."""
        nonlocal row
        while row is not None and row["position"] <= position:
            yield row
            row = next(rest, None)

    for anchor in anchors:
        if digest_of(start, upto(anchor["position"])) != anchor["digest"]:
            yield f"anchor {anchor['position']} does not cover its rows"
        start = anchor["digest"]
    if row is not None:
        yield "has rows after its last anchor"

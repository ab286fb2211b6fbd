"""Loads a pack in one transaction, now or at its effective time."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from backbone.directory.entries import PLURALS, to_entry
from backbone.door.beside import CodedRows
from backbone.postgres.pool import Connection, Pool
from backbone.words.city import Head
from backbone.words.errors import InvalidArgument
from liandong.directory.v1.directory_pb2 import DirectoryEntry
from services.directory import storage
from services.directory.checks import examine
from services.directory.flaws import Finding
from services.directory.metrics import LOADED
from services.directory.pack import Pack, records


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked pack: its head and the bodies of all other entries."""

    head: Head
    bodies: Mapping[str, bytes]
    counts: Mapping[str, int]
    warnings: list[Finding]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of loading a pack."""

    version: int
    pending: bool
    changed: int
    removed: int
    counts: Mapping[str, int]
    warnings: list[Finding]


def counts_of(pack: Pack) -> dict[str, int]:
    """The number of entries of each kind."""
    return {plural: len(getattr(pack.city, plural)) for plural in PLURALS.values()}


def prepare(archive: bytes) -> Prepared:
    """Read and check a pack. Raises InvalidArgument with the first error."""
    pack, findings = examine(archive)
    errors = [finding for finding in findings if finding.is_error]
    if pack is None or errors:
        first = errors[0]
        raise InvalidArgument("PACK_REFUSED", first=first, count=len(errors), cause=first.reason)
    entries = records(pack.city)
    head = entries.pop("city")
    if not isinstance(head, Head):
        raise TypeError("the last record of a city is its head")
    bodies = {key: body(to_entry(record, 0)) for key, record in entries.items()}
    return Prepared(head, bodies, counts_of(pack), findings)


def body(entry: DirectoryEntry) -> bytes:
    """The bytes of an entry without its version, equal for equal entries of two packs."""
    return entry.SerializeToString(deterministic=True)


class Loader:
    """Loads packs; a lock serialises the instances of the service."""

    def __init__(self, pool: Pool, written: Callable[[], object], coded: CodedRows) -> None:
        self._pool = pool
        self._written = written
        self._coded = coded

    async def load(self, archive: bytes, effective_time: datetime | None, by: str) -> Loaded:
        """Put a pack in force, or store it until its time. Raises InvalidArgument."""
        prepared = await asyncio.to_thread(prepare, archive)
        async with self._pool.acquire(timeout=5) as conn, conn.transaction():
            await storage.lock(conn)
            await _same_city(conn, prepared.head)
            in_force = await storage.in_force(conn)
            is_held = in_force is not None and in_force[1] == prepared.head.checksum
            # One that is due and was refused is overruled, also by the city that is in force.
            is_wanted = effective_time is None and await conn.fetchrow(storage.DUE) is None
            if in_force is not None and is_held and is_wanted:
                await storage.publish_again(conn)
                loaded = _loaded(prepared, in_force[0])
            else:
                loaded = await self._add(conn, prepared, archive, effective_time, by)
        self._written()
        return loaded

    async def put_due_in_force(self) -> bool:
        """Put the first due pack in force; False if there is none."""
        due = await self._pool.fetchrow(storage.DUE)
        if due is None:
            return False
        prepared = await asyncio.to_thread(prepare, due["archive"])
        async with self._pool.acquire(timeout=5) as conn, conn.transaction():
            await storage.lock(conn)
            again = await conn.fetchrow(storage.DUE)
            if again is not None and again["version"] == due["version"]:
                version = await storage.renumber(conn, due["version"])
                await self._put_in_force(conn, prepared, version, due["effective_time"])
        self._written()
        return True

    async def _add(
        self,
        conn: Connection,
        prepared: Prepared,
        archive: bytes,
        effective_time: datetime | None,
        by: str,
    ) -> Loaded:
        version = await storage.next_version(conn)
        checksum = prepared.head.checksum
        waiting = await storage.add_pack(conn, version, checksum, archive, effective_time, by)
        if not waiting.is_due:
            return _loaded(prepared, version, pending=True)
        when = waiting.effective_time
        changed, removed = await self._put_in_force(conn, prepared, version, when)
        return _loaded(prepared, version, changed=changed, removed=removed)

    async def _put_in_force(
        self, conn: Connection, prepared: Prepared, version: int, effective_time: datetime
    ) -> tuple[int, int]:
        head = replace(prepared.head, version=version, effective_time=effective_time)
        bodies = {**prepared.bodies, "city": body(to_entry(head, 0))}
        LOADED.inc()
        return await storage.put_in_force(conn, version, bodies, self._coded)


async def _same_city(conn: Connection, head: Head) -> None:
    known = await conn.fetchval(storage.HEAD_BODY)
    code = DirectoryEntry.FromString(known).city.code if known else head.code
    if code != head.code:
        raise InvalidArgument("ANOTHER_CITY", loaded=code, given=head.code)


def _loaded(
    prepared: Prepared, version: int, *, pending: bool = False, changed: int = 0, removed: int = 0
) -> Loaded:
    return Loaded(version, pending, changed, removed, prepared.counts, prepared.warnings)

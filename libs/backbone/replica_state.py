"""What a replica holds in memory, and what a stretch of the topic changes in it."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from aiokafka.structs import ConsumerRecord
from google.protobuf.message import DecodeError

from backbone.city import City, Head, Record
from backbone.entries import HEAD, kind_of, to_city, to_record
from liandong.directory.v1.directory_pb2 import DirectoryEntry

log = logging.getLogger(__name__)

VERSION = "version"
"""The header of a tombstone: the version of the pack that removed the entry."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new state of one entry; one without a record is its removal."""

    key: str
    version: int
    value: bytes | None = None
    record: Record | None = None


class State:
    """The entries of the kinds asked for, each of its greatest version."""

    def __init__(self, kinds: Collection[str], *, polygons: bool) -> None:
        self._kinds = frozenset(kinds) | {HEAD}
        self._polygons = polygons
        self._entries: dict[str, Change] = {}
        self._seen: set[str] | None = None

    def restore(self, rows: Iterable[tuple[str, int, bytes]]) -> None:
        """Begin with what the table holds."""
        changes = (self._read(key, version, value) for key, version, value in rows)
        self._entries = {change.key: bare(change) for change in changes if change is not None}

    def begin_again(self) -> None:
        """The topic is read from its beginning: what it no longer holds will be dropped."""
        self._seen = set()

    def take(self, records: Sequence[ConsumerRecord]) -> list[Change]:
        """Apply records in order; return the changes that count, the last one per entry."""
        accepted: dict[str, Change] = {}
        for record in records:
            change = self._change(record)
            if change is not None and self._is_news(change):
                self._apply(change)
                accepted[change.key] = change
        if records[-1].key == HEAD.encode():
            accepted |= {change.key: change for change in self._leftovers()}
        return list(accepted.values())

    def city(self) -> City | None:
        """The city of these entries; None while its head is missing."""
        return to_city(
            {key: each.record for key, each in self._entries.items() if each.record is not None}
        )

    def _change(self, record: ConsumerRecord) -> Change | None:
        key = (record.key or b"").decode(errors="replace")
        self._note(key, present=record.value is not None)
        if kind_of(key) not in self._kinds:
            return None
        if record.value is not None:
            return self._read(key, None, record.value)
        version = dict(record.headers).get(VERSION, b"0")
        return Change(key, int(version) if version.isdigit() else 0)

    def _read(self, key: str, version: int | None, value: bytes) -> Change | None:
        try:
            entry = DirectoryEntry.FromString(value)
        except DecodeError:
            log.exception("replica.unreadable", extra={"key": key})
            return None
        if entry.WhichOneof("body") == "grid" and not self._polygons:
            entry.grid.ClearField("rings")
            value = entry.SerializeToString()
        record = to_record(entry)
        if record is None:
            return None
        return Change(key, entry.version if version is None else version, value, record)

    def _is_news(self, change: Change) -> bool:
        known = self._entries.get(change.key)
        if known is None:
            return change.record is not None
        return known.version < change.version

    def _apply(self, change: Change) -> None:
        if change.record is None:
            del self._entries[change.key]
        else:
            self._entries[change.key] = bare(change)

    def _note(self, key: str, *, present: bool) -> None:
        if self._seen is not None:
            (self._seen.add if present else self._seen.discard)(key)

    def _leftovers(self) -> list[Change]:
        """Removals that a topic made anew cannot tell of, once all of it has been seen."""
        head = self._entries.get(HEAD)
        if self._seen is None or head is None or not isinstance(head.record, Head):
            return []
        if head.record.entries != len(self._seen):
            return []
        gone = [Change(key, head.version) for key in self._entries.keys() - self._seen]
        for change in gone:
            self._apply(change)
        self._seen = None
        return gone


def bare(change: Change) -> Change:
    """The change without its bytes, which only the table needs."""
    return replace(change, value=None)

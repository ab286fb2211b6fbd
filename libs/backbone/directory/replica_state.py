"""What a replica holds in memory, and what a stretch of the topic changes in it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from aiokafka.structs import ConsumerRecord
from google.protobuf.message import DecodeError

from backbone.directory.entries import HEAD, KINDS, kind_of, to_city, to_record
from backbone.words.city import City, Head, Record
from liandong.directory.v1.directory_pb2 import DirectoryEntry

Unreadable: TypeAlias = tuple[ConsumerRecord, str]

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

    def restore(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Begin with what the table holds."""
        changes = (self._read(key, value) for key, value in rows)
        self._entries = {change.key: bare(change) for change in changes if change is not None}

    def begin_again(self) -> None:
        """The topic is read from its beginning: what it no longer holds will be dropped."""
        self._seen = set()

    def take(self, records: Sequence[ConsumerRecord]) -> tuple[list[Change], list[Unreadable]]:
        """Apply records in order; return the changes that count, the last one per entry."""
        accepted: dict[str, Change] = {}
        unreadable: list[Unreadable] = []
        for record in records:
            try:
                change = self._change(record)
            except (DecodeError, ValueError) as error:
                unreadable.append((record, repr(error)))
                continue
            if change is not None and self._is_news(change):
                self._apply(change)
                accepted[change.key] = change
        if records[-1].key == HEAD.encode():
            accepted |= {change.key: change for change in self._leftovers()}
        return list(accepted.values()), unreadable

    def city(self) -> City | None:
        """The city of these entries; None while its head is missing."""
        return to_city(
            {key: each.record for key, each in self._entries.items() if each.record is not None}
        )

    def _change(self, record: ConsumerRecord) -> Change | None:
        key = (record.key or b"").decode()
        if record.value is None:
            self._note(key, present=False)
            version = dict(record.headers).get(VERSION, b"0").decode()
            return Change(key, int(version)) if kind_of(key) in self._kinds else None
        change = None if self._is_of_no_interest(key) else self._read(key, record.value)
        self._note(key, present=True)
        return change

    def _is_of_no_interest(self, key: str) -> bool:
        """Whether it need not even be read; what has an unknown key may be anything."""
        return kind_of(key) in KINDS - self._kinds

    def _read(self, key: str, value: bytes) -> Change | None:
        entry = DirectoryEntry.FromString(value)
        if entry.key != key:
            raise ValueError(f"the record says {key!r}, its entry {entry.key!r}")
        if entry.WhichOneof("body") == "grid" and not self._polygons:
            entry.grid.ClearField("rings")
            value = entry.SerializeToString()
        record = to_record(entry)
        return None if record is None else Change(key, entry.version, value, record)

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

"""The state of a replica in memory, and how records of the topic change it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from aiokafka.structs import ConsumerRecord
from google.protobuf.message import DecodeError

from backbone.directory.entries import HEAD, KINDS, kind_of, to_city, to_record
from backbone.words.city import City, Head, Record
from liandong.directory.v1.directory_pb2 import DirectoryEntry

Unreadable: TypeAlias = tuple[ConsumerRecord, str]
Check: TypeAlias = Callable[[ConsumerRecord], None]

VERSION = "version"
"""The header of a tombstone: the version of the pack that removed the entry."""


@dataclass(frozen=True, slots=True)
class EntryChange:
    """The new state of one directory entry; `record` is None if the entry is removed."""

    key: str
    version: int
    value: bytes | None = None
    record: Record | None = None


class State:
    """The latest version of each entry of the requested kinds."""

    def __init__(self, kinds: Collection[str], *, polygons: bool) -> None:
        self._kinds = frozenset(kinds) | {HEAD}
        self._polygons = polygons
        self._entries: dict[str, EntryChange] = {}
        self._seen: set[str] | None = None

    def restore(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Replace all entries by the rows (key, serialized entry) of the table."""
        changes = (self._read(key, value) for key, value in rows)
        self._entries = {change.key: bare(change) for change in changes if change is not None}

    def begin_again(self) -> None:
        """Reading starts again at the beginning: entries missing from the topic will be dropped."""
        self._seen = set()

    def take(
        self, records: Sequence[ConsumerRecord], check: Check
    ) -> tuple[list[EntryChange], list[Unreadable]]:
        """Apply records in order; return the last change of each entry, and those that cannot be
        read, or that `check` refuses with a ValueError."""
        accepted: dict[str, EntryChange] = {}
        unreadable: list[Unreadable] = []
        for record in records:
            try:
                check(record)
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

    def _change(self, record: ConsumerRecord) -> EntryChange | None:
        key = (record.key or b"").decode()
        if record.value is None:
            self._note(key, present=False)
            version = dict(record.headers).get(VERSION, b"0").decode()
            return EntryChange(key, int(version)) if kind_of(key) in self._kinds else None
        change = None if self._is_of_no_interest(key) else self._read(key, record.value)
        self._note(key, present=True)
        return change

    def _is_of_no_interest(self, key: str) -> bool:
        """Whether the key is of a known kind that was not requested; unknown keys are parsed."""
        return kind_of(key) in KINDS - self._kinds

    def _read(self, key: str, value: bytes) -> EntryChange | None:
        entry = DirectoryEntry.FromString(value)
        if entry.key != key:
            raise ValueError(f"the record says {key!r}, its entry {entry.key!r}")
        if entry.WhichOneof("body") == "grid" and not self._polygons:
            entry.grid.ClearField("rings")
            value = entry.SerializeToString()
        record = to_record(entry)
        return None if record is None else EntryChange(key, entry.version, value, record)

    def _is_news(self, change: EntryChange) -> bool:
        known = self._entries.get(change.key)
        if known is None:
            return change.record is not None
        return known.version < change.version

    def _apply(self, change: EntryChange) -> None:
        if change.record is None:
            del self._entries[change.key]
        else:
            self._entries[change.key] = bare(change)

    def _note(self, key: str, *, present: bool) -> None:
        if self._seen is not None:
            (self._seen.add if present else self._seen.discard)(key)

    def _leftovers(self) -> list[EntryChange]:
        """Removals that a recreated topic has no tombstones for, once all its entries were read."""
        head = self._entries.get(HEAD)
        if self._seen is None or head is None or not isinstance(head.record, Head):
            return []
        if head.record.entries != len(self._seen):
            return []
        gone = [EntryChange(key, head.version) for key in self._entries.keys() - self._seen]
        for change in gone:
            self._apply(change)
        self._seen = None
        return gone


def bare(change: EntryChange) -> EntryChange:
    """The change without its serialized value, which only the table needs."""
    return replace(change, value=None)

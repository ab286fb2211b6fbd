"""Reads everything back from the city; the counts do not use the answers given during the replay.

Receipts and petitions are found by the stamp of their row, which reveals doubled ones; each
incident is read with its timeline, whose versions must be 1, 2, 3 … without gap or repeat; each
mission is found by its matter.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from operate.replay.client import Client, Refused
from operate.replay.counts import Counts
from operate.replay.taken import PAGE, Record, petitions_of, receipts_of

WIDTH = 12
UNDELIVERED = "PENDING"
# Its call has ended, or another report had sent the team before.
RECALLED = "RECALLED"
SEEN = {
    "IncidentOffered": "offered",
    "IncidentClaimed": "claimed",
    "IncidentResolved": "resolved",
    "IncidentClosed": "closed",
}
PETITION_ENDS = {"DECLINED": "invalid", "REFERRED": "passed"}

T = TypeVar("T")


@dataclass(slots=True)
class Audit:
    """`desk` is a client that sees every call of the city, `offices` see its petitions; `told` are
    findings in words."""

    desk: Client
    offices: Sequence[Client] = ()
    counts: Counts = field(default_factory=Counts)
    told: list[str] = field(default_factory=list)

    async def receipts(self, rows: Mapping[str, int]) -> list[Record]:
        """Count the receipts of these rows, by key; return those that opened an incident."""
        found = [(key, receipt) async for key, _, receipt in receipts_of(self.desk, rows)]
        self._count_rows(rows, found)
        for _, receipt in found:
            if receipt["outcome"]:
                self._add(receipt["outcome"].lower())
        return [each for _, each in found if each["outcome"] == "OPENED"]

    async def petitions(self, rows: Mapping[str, int]) -> list[str]:
        """Count the petitions of these rows; a declined one is invalid, a referred one passed."""
        found = [(key, one) async for key, _, one in petitions_of(self.offices, rows)]
        self._count_rows(rows, found)
        routed = [each for _, each in found if each["incident"]]
        for _, petition in found:
            if not petition["incident"]:
                self._add(PETITION_ENDS.get(petition["state"], ""))
        self.counts.opened += len(routed)
        self._tell("petitions not filed", [p["code"] for p in routed if p["state"] != "CLOSED"])
        return [each["id"] for each in routed]

    async def incidents(self, ids: Collection[str]) -> None:
        """Count the steps of each incident by its timeline."""
        missing = []
        async for incident, entries in each_of(ids, self._timeline):
            if entries is None:
                missing.append(incident)
                continue
            kinds = Counter(entry["kind"] for entry in entries)
            for kind, name in SEEN.items():
                if kinds[kind]:
                    self._add(name)
            versions = (int(entry["version"]) for entry in entries)
            # The steps of teams stand among those of the incident, without a version of it.
            self._check_versions(incident, [version for version in versions if version])
        self.counts.lost += len(missing)
        self._tell("missing incidents", missing)

    async def missions(self, matters: Collection[str]) -> None:
        """Count the missions of these matters: one for each matter is expected."""
        wanted, found = set(matters), defaultdict(list)
        async for mission in self.desk.every("/v1/missions", page_size=PAGE):
            if mission["matter_id"] in wanted:
                found[mission["matter_id"]].append(mission)
        for missions in found.values():
            standing = [each for each in missions if each["state"] != RECALLED]
            first = (standing or missions)[0]
            self.counts.doubled += max(0, len(standing) - 1)
            self.counts.pushed += first["state"] != UNDELIVERED
            answered = first["acknowledge_time"] is not None or not standing
            self.counts.acknowledged += answered
        missing = wanted - set(found)
        self.counts.lost += len(missing)
        self._tell("matters without a mission", sorted(missing))

    async def _timeline(self, incident: str) -> list[dict[str, Any]] | None:
        path = f"/v1/incidents/{incident}/timeline"
        for reader in (self.desk, *self.offices):
            with suppress(Refused):
                return [entry async for entry in reader.items(path)]
        return None

    def _count_rows(self, rows: Mapping[str, int], found: Sequence[tuple[str, Record]]) -> None:
        times = Counter(key for key, _ in found)
        twice = sorted((key for key, number in times.items() if number > 1), key=rows.__getitem__)
        missing = sorted(rows.keys() - times.keys(), key=rows.__getitem__)
        self.counts.received += len(times)
        self.counts.lost += len(missing)
        self.counts.doubled += sum(times[key] - 1 for key in twice)
        self._tell("missing rows", [str(rows[key]) for key in missing])
        self._tell("rows found more than once", [str(rows[key]) for key in twice])

    def _check_versions(self, incident: str, versions: list[int]) -> None:
        twice = len(versions) - len(set(versions))
        gaps = max(versions, default=0) - len(set(versions))
        self.counts.doubled += twice
        self.counts.lost += gaps
        if twice or gaps:
            self._tell("timeline versions with gaps or repeats", [f"{incident} {versions}"])

    def _add(self, name: str) -> None:
        if name:
            setattr(self.counts, name, getattr(self.counts, name) + 1)

    def _tell(self, what: str, which: list[str]) -> None:
        if which:
            more = f" … and {len(which) - 5} more" if len(which) > 5 else ""
            self.told.append(f"{what}: {', '.join(which[:5])}{more}")


async def each_of(
    names: Collection[str], read: Callable[[str], Awaitable[T]]
) -> AsyncIterator[tuple[str, T]]:
    """Read all, WIDTH at a time; yield them as they arrive."""
    room = asyncio.Semaphore(WIDTH)

    async def one(name: str) -> tuple[str, T]:
        async with room:
            return name, await read(name)

    for done in asyncio.as_completed([one(name) for name in names]):
        yield await done

"""The terminals that other processes of this service serve, told by a table of the moment.

Whether a team hears an order decides on which rung its ladder begins: so each process must know
the terminals of all.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from backbone.postgres.pool import Pool

# A row written within this time is of an open stream; a process that was killed leaves rows behind.
FRESH = "interval '4 seconds'"
TELL = f"""
WITH ended AS (
    DELETE FROM open_terminals WHERE process = $1 AND session <> ALL($2::uuid[])
), left_behind AS (
    DELETE FROM open_terminals WHERE session IN (
        SELECT session FROM open_terminals
        WHERE process <> $1 AND seen_time < clock_timestamp() - interval '1 minute'
        FOR UPDATE SKIP LOCKED)
), told AS (
    INSERT INTO open_terminals (session, process, team, device, open_time, seen_time)
    SELECT session, $1, team, device, clock_timestamp(), clock_timestamp()
    FROM unnest($2::uuid[], $3::text[], $4::text[]) AS own(session, team, device)
    ON CONFLICT (session) DO UPDATE SET seen_time = excluded.seen_time
)
SELECT session, process, team, device, open_time FROM open_terminals
WHERE seen_time > clock_timestamp() - {FRESH}
"""  # noqa: S608
HEARS = f"""
SELECT EXISTS (SELECT FROM open_terminals
               WHERE team = $1 AND process <> $2 AND seen_time > clock_timestamp() - {FRESH})
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Open:
    """One open stream of this process."""

    session: UUID
    team: str
    device: str


class Presence:
    """The terminals of this process and of the others, as they tell each other."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._process = uuid4()
        self._elsewhere: Counter[str] = Counter()
        self.changed = asyncio.Event()

    def elsewhere(self, team: str) -> int:
        """The number of the team's terminals at other processes, a second ago."""
        return self._elsewhere[team]

    def teams(self) -> frozenset[str]:
        """The teams with a terminal at another process."""
        return frozenset(self._elsewhere)

    async def hears(self, team: str) -> bool:
        """Whether another process serves a terminal of the team, read at this moment."""
        return bool(await self._pool.fetchval(HEARS, team, self._process))

    async def tell(self, here: Sequence[Open]) -> set[UUID]:
        """Tell of the streams here, learn of the others; return those here whose device has
        opened a newer one elsewhere."""
        own = [each.session for each in here]
        teams, devices = [each.team for each in here], [each.device for each in here]
        rows = await self._pool.fetch(TELL, self._process, own, teams, devices)
        others = [row for row in rows if row["process"] != self._process]
        self._elsewhere = Counter(row["team"] for row in others)
        newest: dict[tuple[str, str], datetime] = {}
        for row in others:
            key = row["team"], row["device"]
            newest[key] = max(row["open_time"], newest.get(key, row["open_time"]))
        mine = [row for row in rows if row["process"] == self._process]
        return {
            row["session"]
            for row in mine
            if row["open_time"] < newest.get((row["team"], row["device"]), row["open_time"])
        }

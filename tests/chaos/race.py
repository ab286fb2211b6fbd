"""Clerks of one unit race for its incidents; the loser must hear who won."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from operate.replay.client import Client, Refused
from tests.people import TOWNSHIP, Visit, act, open_incident

POLICE = f"{TOWNSHIP}-police"


@dataclass(slots=True)
class Race:
    """Who won which incident, and whom each loser was told; `strange` is every other answer."""

    winners: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, set[str]] = field(default_factory=dict)
    losers: int = 0
    strange: Counter[str] = field(default_factory=Counter)

    @property
    def is_fair(self) -> bool:
        """Each incident has one holder, and no clerk was told another name."""
        one_each = all(len(holders) == 1 for holders in self.winners.values())
        names = {incident: {holders[0]} for incident, holders in self.winners.items() if holders}
        right = all(names.get(incident) == told for incident, told in self.told.items())
        return one_each and right and not self.strange


async def race(visit: Visit, clerks: int, incidents: int) -> Race:
    """Every clerk tries every incident, at the same moment.

    Each is the first in line in turn: one who won too many would reach the cap.
    """
    found = Race()
    ids = await opened(visit, incidents)
    found.winners = {each: [] for each in ids}
    names = [f"经办{number:02}" for number in range(1, clerks + 1)]
    systems = [visit.system(POLICE, "clerk", name) for name in names]
    for number, incident in enumerate(ids):
        first = number % clerks
        line = systems[first:] + systems[:first]
        await asyncio.gather(*(claim(client, incident, found) for client in line))
    return found


async def claim(client: Client, incident: str, found: Race) -> None:
    try:
        won = await act(client, f"/v1/incidents/{incident}:claim")
    except Refused as refused:
        if refused.reason != "ALREADY_CLAIMED":
            found.strange[refused.reason] += 1
            return
        found.losers += 1
        found.told.setdefault(incident, set()).add(str(refused.problem.get("holder", "")))
    else:
        found.winners[incident].append(won["holder"])


async def opened(visit: Visit, count: int) -> Sequence[str]:
    desk, room = visit.system("990100-command", "call_taker"), asyncio.Semaphore(12)

    async def another() -> str:
        async with room:
            return str((await open_incident(desk))["id"])

    return await asyncio.gather(*(another() for _ in range(count)))

"""Takes up unfinished cases that no task works on, as after a crash or an earlier replay."""

import asyncio
import time

from operate.replay.casework import Casework
from operate.replay.client import NoAnswer, Refused
from operate.replay.crew import Crew
from operate.replay.departments import Departments
from operate.replay.ledger import Case, Ledger

ROUND = 1.0
OVER = frozenset({"CLEARED", "REFUSED", "RECALLED"})
WIDTH = 8
NOT_THERE = 404
# Seconds without any progress after which the replay gives up.
STANDSTILL = 180.0


class Sweep:
    """Waits until every case is done, and takes up those that no task works on."""

    def __init__(
        self, casework: Casework, departments: Departments, ledger: Ledger, crew: Crew
    ) -> None:
        self._casework, self._departments = casework, departments
        self._ledger, self._crew = ledger, crew
        self._room = asyncio.Semaphore(WIDTH)

    async def finish(self) -> None:
        """Return when all is done, or after STANDSTILL. Raises bugs of the replay itself."""
        progress, moved = -1, time.monotonic()
        while left := [case for case in self._ledger.cases.values() if not case.is_done]:
            self._crew.check()
            done = sum(self._ledger.done.values())
            if done != progress:
                progress, moved = done, time.monotonic()
            elif time.monotonic() - moved > STANDSTILL:
                codes = ", ".join(case.code for case in left[:5])
                self._ledger.trouble(f"{len(left)} matters make no progress: {codes} …")
                return
            await asyncio.gather(*(self._look_after(case) for case in left))
            await asyncio.sleep(ROUND)

    async def _look_after(self, case: Case) -> None:
        try:
            async with self._room:
                if not case.is_worked and not self._departments.works_on(case):
                    incident = await self._casework.incident(case)
                    case.unit = incident["unit"]
                    self._departments.take_up(case, incident)
                elif case.is_worked:
                    case.cleared = await self._is_cleared(case)
        except (Refused, NoAnswer) as error:
            # Not found: an incident that was opened while workflow was away appears later.
            if not isinstance(error, Refused) or error.status != NOT_THERE:
                self._ledger.trouble(f"{case.code}: {error}")

    async def _is_cleared(self, case: Case) -> bool:
        dispatcher = self._casework.dispatcher
        missions = dispatcher.items("/v1/missions", matter_id=case.id)
        states = [mission["state"] async for mission in missions]
        return bool(states) and set(states) <= OVER

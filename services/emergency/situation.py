"""The state of the teams at this time: their duty, load, people and terminals."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from backbone.directory.replica import Replica
from backbone.door.request import Request
from backbone.door.timers import lapse_of
from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from services.emergency import staffing, storage
from services.emergency.mission.dispatching import Readiness
from services.emergency.mission.ladder import ClimbLadder
from services.emergency.recommending import Situation, recommend
from services.emergency.terminals import Terminals

log = logging.getLogger(__name__)

PAUSE = 1.0


class Teams:
    """Whether a team can be sent, and which one in its place; `channels` are those set up."""

    def __init__(
        self, pool: Pool, replica: Replica, terminals: Terminals, channels: Callable[[], Any]
    ) -> None:
        self._pool = pool
        self._replica = replica
        self._terminals = terminals
        self._channels = channels
        self._known = Situation()

    async def run(self, pulse: Pulse) -> None:
        """Keep duty and load of all teams at hand for recommendations, until cancelled."""
        while True:
            pulse.beat("teams")
            try:
                await self._renew()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("teams.blind", extra={"error": str(error)})
            await asyncio.sleep(PAUSE)

    async def readiness(self, team: str) -> Readiness:
        """Whether the team can be sent, read at this moment."""
        duty = await self._pool.fetchval(storage.DUTY_OF, team)
        return Readiness(duty or "AVAILABLE", staffing.on_duty(self._replica.city, team))

    async def committed(self, team: str) -> Readiness:
        """The same for an order that came as an event: its desk would not hear a refusal."""
        ready = await self.readiness(team)
        return Readiness(ready.duty, ready.on_duty, binding=False)

    def climbing(self, row: Any) -> Request[ClimbLadder]:
        """The request of a rung that is due: with whom it can tell at this moment."""
        city = self._replica.city
        people = staffing.people_of(city, row["team"], row["unit"], row["ordered_unit"])
        now = replace(self._known, out=row["out"])
        teams = recommend(city, row["team"], row["category"], now, row["sent"], row["against"])
        return lapse_of(row, ClimbLadder(people, teams, tuple(self._channels())))

    async def _renew(self) -> None:
        out = {row["team"] for row in await self._pool.fetch(storage.OUT)}
        loads = {row["team"]: row["missions"] for row in await self._pool.fetch(storage.LOADS)}
        self._known = Situation(out, loads, self._terminals.teams())

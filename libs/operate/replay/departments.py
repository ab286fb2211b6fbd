"""The simulated departments: each reads its inbox when woken, and works on its incidents.

Departments are woken by the desk's answers, by the city's stream of changes, and by a slow poll.
They share one stream: a hundred streams would measure this machine's reader, not the city.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from operate.replay.casework import Casework
from operate.replay.client import NoAnswer, Refused
from operate.replay.crew import Crew
from operate.replay.events import events
from operate.replay.ledger import Case, Ledger

INBOX = "/v1/inbox"
POLL = 5.0
PAGE = 100
WAKING = frozenset({"IncidentOffered", "IncidentRouted", "IncidentReleased", "UnitDesignated"})


class Departments:
    """`closed` is called with each matter whose incident is closed."""

    def __init__(
        self,
        casework: Casework,
        ledger: Ledger,
        crew: Crew,
        width: int,
        closed: Callable[[Case], Awaitable[None]],
    ) -> None:
        self._casework, self._ledger, self._crew, self._closed = casework, ledger, crew, closed
        self._room = asyncio.Semaphore(width)
        self._wakes: dict[str, asyncio.Event] = {}
        self._busy: set[str] = set()

    def wake(self, case: Case) -> None:
        """Make the case's unit read its inbox; does nothing while the unit is unknown."""
        if not case.unit:
            return
        if case.unit not in self._wakes:
            self._wakes[case.unit] = asyncio.Event()
            self._crew.hire(self._watch(case.unit))
        self._wakes[case.unit].set()

    async def listen(self) -> None:
        """Wake units by the stream of changes, for ever."""
        async for event in events(self._casework.dispatcher, "/v1/changes"):
            if event.name in ("reset", "lost"):
                for wake in self._wakes.values():
                    wake.set()
            elif event.name == "change" and event.data["kind"] in WAKING:
                case = self._ledger.cases.get(event.data["id"])
                if case and not case.closed:
                    self.wake(case)

    def take_up(self, case: Case, incident: Mapping[str, Any]) -> None:
        """Start work on this incident, unless work on it is under way or finished."""
        if case.id not in self._busy and not case.is_worked:
            self._busy.add(case.id)
            self._crew.hire(self._handle(case, incident))

    def works_on(self, case: Case) -> bool:
        return case.id in self._busy

    async def _watch(self, unit: str) -> None:
        wake = self._wakes[unit]
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await wake.wait()
            wake.clear()
            if any(case.unit == unit and not case.closed for case in self._ledger.cases.values()):
                await self._read_inbox(unit)

    async def _read_inbox(self, unit: str) -> None:
        reader = self._casework.department(unit, unit)
        try:
            async for incident in reader.items(INBOX, state="OFFERED", page_size=PAGE):
                case = self._ledger.cases.get(incident["id"])
                if case:
                    self.take_up(case, incident)
        except (Refused, NoAnswer) as error:
            self._ledger.trouble(f"inbox of {unit}: {error}")

    async def _handle(self, case: Case, incident: Mapping[str, Any]) -> None:
        try:
            if not case.closed:
                async with self._room:
                    await self._casework.close(case, incident)
            await self._closed(case)
        except (Refused, NoAnswer) as error:
            self._ledger.trouble(f"incident {case.code}: {error}")
        finally:
            self._busy.discard(case.id)

"""The pulse of a process: a loop that makes no progress is dead, and says so."""

import asyncio
import time

# Every wait of every loop is shorter: Kafka's slowest call takes less than 20 s.
PATIENCE = 30.0
START = "start"


class Pulse:
    """Loops beat; who has not beaten for too long is named. Reasons may stand against readiness."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._beats: dict[str, float] = {}
        self._missing = {START: "it is still starting"}

    def beat(self, loop: str) -> None:
        self._beats[loop] = time.monotonic()

    def started(self) -> None:
        """Say that it serves; before, nobody should send anything."""
        self.have(START)

    def lack(self, part: str, reason: str) -> None:
        """Not ready as long as the part lacks something."""
        self._missing[part] = reason

    def have(self, part: str) -> None:
        self._missing.pop(part, None)

    def dead(self, times: float = 1) -> list[str]:
        """The loops that have stood still for so many times the patience."""
        latest = time.monotonic() - times * self._patience
        # Copied at once: the pages ask from a thread of their own.
        return [loop for loop, beat in dict(self._beats).items() if beat < latest]

    def unready(self) -> list[str]:
        """Why the process cannot serve yet, in words."""
        return [*dict(self._missing).values(), *(f"{loop} stands still" for loop in self.dead())]

    async def run(self) -> None:
        """Beat for the event loop itself: whatever blocks it stops this."""
        while True:
            self.beat("event loop")
            await asyncio.sleep(1)

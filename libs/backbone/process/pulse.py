"""The pulse of a process: liveness by the progress of its loops, and readiness."""

import asyncio
import time
from collections.abc import AsyncIterator

# Seconds. Every wait of every loop is shorter: Kafka's slowest call takes less than 20 s.
PATIENCE = 30.0
START = "start"


class Pulse:
    """Records the beats of loops, and the reasons why the process is not ready."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._beats: dict[str, float] = {}
        self._missing = {START: "it is still starting"}
        self._notes: dict[str, str] = {}

    def beat(self, loop: str) -> None:
        """Say that the loop moves. Raises CancelledError where its task is to end."""
        end_if_asked()
        self._beats[loop] = time.monotonic()

    async def rounds(self, loop: str, pause: float) -> AsyncIterator[None]:
        """One round of a loop after the other, for ever, each with a beat and a pause after it.

        The name is that of this loop alone: beats of another one would hide that it stands still.
        A round that has swallowed its cancellation is the last, by its beat.
        """
        while True:
            self.beat(loop)
            yield
            await self.rest(loop, pause)

    async def rest(self, loop: str, seconds: float) -> None:
        """Pause, also for longer than the patience."""
        for _ in range(max(1, round(seconds))):
            self.beat(loop)
            await asyncio.sleep(min(seconds, 1.0))

    def ended(self, loop: str) -> None:
        """A loop has nothing to do any more, and beats no longer."""
        self._beats.pop(loop, None)

    def started(self) -> None:
        """Mark the process as started; it is not ready before."""
        self.have(START)

    def lack(self, part: str, reason: str) -> None:
        """Mark the process as not ready, for this reason, until `have(part)`."""
        self._missing[part] = reason

    def have(self, part: str) -> None:
        self._missing.pop(part, None)

    def note(self, part: str, flaw: str) -> None:
        """Tell what stands still although the process serves; an empty flaw takes it back."""
        if flaw:
            self._notes[part] = flaw
        else:
            self._notes.pop(part, None)

    def dead(self, times: float = 1) -> list[str]:
        """The loops that have not beaten for `times` times the patience."""
        latest = time.monotonic() - times * self._patience
        # Copied, because the probes call this from another thread.
        return [loop for loop, beat in dict(self._beats).items() if beat < latest]

    def unready(self) -> list[str]:
        """All flaws: why it cannot serve, and what stands still; empty if it is well."""
        return [*self.unserving(), *dict(self._notes).values()]

    def unserving(self) -> list[str]:
        """The reasons why the process cannot serve; empty if it can."""
        return [*dict(self._missing).values(), *(f"{loop} stands still" for loop in self.dead())]

    async def run(self) -> None:
        """Beat for the event loop itself, once a second."""
        while True:
            self.beat("event loop")
            await asyncio.sleep(1)


def end_if_asked() -> None:
    """Raise CancelledError where the present task is to end, although it goes on.

    A library may swallow a cancellation, as aiokafka does: a loop would go on for ever, and its
    process would never end. Each loop asks, by its beat or by this.
    """
    try:
        task = asyncio.current_task()
    except RuntimeError:  # a beat of plain code, outside of an event loop
        return
    if task is not None and task.cancelling():
        raise asyncio.CancelledError

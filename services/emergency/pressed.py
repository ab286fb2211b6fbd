"""Remembers for a moment when the key was pressed that sent a team, until its frame goes out."""

from uuid import UUID

# Orders whose frame never goes out here, as no terminal is connected, are forgotten in their order.
MOST = 1_000


class Pressed:
    """In this process only: an order that another one took is not measured, never guessed."""

    def __init__(self) -> None:
        self._times: dict[UUID, float] = {}

    def note(self, mission: UUID, at: float) -> None:
        """`at` is 0 for an order that came as an event: no person waits for it."""
        if at:
            self._times.setdefault(mission, at)
        while len(self._times) > MOST:
            del self._times[next(iter(self._times))]

    def take(self, mission: UUID) -> float | None:
        return self._times.pop(mission, None)

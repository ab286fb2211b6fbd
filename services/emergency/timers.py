"""The timers of repeats, and the wake-up of the terminals that follows them."""

from collections.abc import Callable
from typing import Any

from backbone.request import Request
from backbone.shell import Shell
from backbone.timers import Timers, lapse_of
from services.emergency import storage
from services.emergency.domain import Command, Event
from services.emergency.domain.mission import Mission
from services.emergency.domain.repeats import Lapse


class Repeats(Timers[Mission, Command, Event]):
    """Pushes again what nobody has answered."""

    def __init__(self, shell: Shell[Mission, Command, Event], pushed: Callable[[], None]) -> None:
        super().__init__(shell.pool, shell.door, storage.DUE, _lapse, shell.pulse)
        self._pushed = pushed

    async def fire(self) -> int:
        fired = await super().fire()
        if fired:
            self._pushed()
        return fired


def _lapse(row: Any) -> Request[Command]:
    return lapse_of(row, Lapse())

"""How long a process that was ready has not answered, and when that is hopeless."""

import time
from collections.abc import Callable

# A process that a signal has stopped cannot answer, whatever we wait for.
FROZEN = 2.0
# Any other may be busy: a server under load, a machine without memory.
SILENT = 25.0
# Also failed looks in a row: a machine that was suspended, supervisor and all, gets another chance.
LOOKS = 3


class Silence:
    """Counts from the last answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._looks = 0

    def seconds(self) -> float:
        return self._clock() - self._since

    def is_hopeless(self, answered: bool, frozen: bool) -> bool:
        """Take in one look; return whether the process has to be killed."""
        if answered:
            self._since, self._looks = self._clock(), 0
            return False
        self._looks += 1
        return self._looks >= LOOKS and self.seconds() > (FROZEN if frozen else SILENT)

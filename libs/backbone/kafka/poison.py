"""Counts bad records: many in a row, within a short time, mean a bad deployment."""

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from aiokafka import ConsumerRecord

from backbone.kafka.records import Place, place_of

# This many unappliable records in a row, within WITHIN seconds, mean a bad deployment, not bad
# records: instead of draining the topic into the dead letters the consumer stops, until an operator
# lets it go on. Rare rubbish never adds up to that, even if no good record ever lies between.
MOST_POISONS = 20
WITHIN = 300.0


class Poisons:
    """The bad records since the last good one: those that could not be read (`dead`), and those
    that could not be applied (`parked`)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: dict[str, deque[float]] = {
            fate: deque(maxlen=MOST_POISONS) for fate in ("dead", "parked")
        }
        self.too_many = False

    def bad(self, fate: str) -> None:
        now, times = self._clock(), self._times[fate]
        times.append(now)
        if len(times) == MOST_POISONS and now - times[0] <= WITHIN:
            self.too_many = True

    def readable(self) -> None:
        """A foreign record was readable: that says nothing about what applies our own."""
        self._times["dead"].clear()

    def good(self) -> None:
        """One of our records was applied, or an operator has looked."""
        for times in self._times.values():
            times.clear()
        self.too_many = False


def after_readable(
    every: Sequence[tuple[UUID | None, ConsumerRecord]],
    ours: Collection[UUID | None],
    can_read: Callable[[ConsumerRecord], bool],
) -> set[Place | None]:
    """The places of our records before which a readable foreign one came; None for the end.

    What a service with few events meets between two bad records is mostly good and foreign.
    """
    found: set[Place | None] = set()
    good = False
    for source, record in every:
        if source not in ours:
            good = good or can_read(record)
        elif good:
            found.add(place_of(record))
            good = False
    return found | {None} if good else found

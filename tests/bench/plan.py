"""How often and how long everything is measured."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    runs: int = 5
    warm_ups: int = 3
    seconds: int = 6

    @property
    def all_rounds(self) -> int:
        return self.warm_ups + self.runs

    def rounds(self) -> Iterator[bool]:
        """Once for each round: whether it counts."""
        for number in range(self.all_rounds):
            yield number >= self.warm_ups

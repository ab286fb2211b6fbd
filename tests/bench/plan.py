"""How often and how long everything is measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Plan:
    """`incidents`: how many the tables hold before B18 begins, one measurement for each;
    `lists`: how many incidents and receipts B8 has, and a fifth as many petitions;
    `files`: labelled petitions or calls that B7 listens to as well.
    """

    runs: int = 5
    warm_ups: int = 3
    seconds: int = 6
    incidents: tuple[int, ...] = (0,)
    lists: int = 5_000_000
    files: tuple[Path, ...] = ()

    @property
    def all_rounds(self) -> int:
        return self.warm_ups + self.runs

    def rounds(self) -> Iterator[bool]:
        """Once for each round: whether it counts."""
        for number in range(self.all_rounds):
            yield number >= self.warm_ups

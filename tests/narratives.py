"""The demo city's danger list, and labelled narratives of emergencies and of what is none."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backbone.words.danger import DangerList
from services.directory.danger_file import read_dangers
from services.directory.flaws import Flaws

PACK = Path(__file__).parents[1] / "deploy" / "city" / "demo"
FOLDER = Path(__file__).parent / "bench" / "narratives"
DANGER = "P1"


@dataclass(frozen=True, slots=True)
class Narrative:
    """What a caller says, and the class and priority that a person gave it."""

    text: str
    category: str
    priority: str

    @property
    def is_danger(self) -> bool:
        return self.priority == DANGER


@cache
def demo_dangers() -> DangerList:
    flaws = Flaws()
    known, _ = read_dangers("dangers.yaml", (PACK / "dangers.yaml").read_text("utf-8"), flaws)
    flaws.stop()
    return known


def narratives(name: str) -> Sequence[Narrative]:
    """Those of one file: `open`, on which the list was worked out, 170 of them by an author who did
    not know it; `held`, which a third author wrote, and by which it was not changed; `fresh`, by an
    author who had not read the list then, half of it adversarial ordinary calls; `kinds`: dialect,
    children's words, indirect speech and negation, each written before it was tried; or `indirect`:
    five sets, each written before the list was changed by the one before."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [Narrative(**row) for row in csv.DictReader(file)]

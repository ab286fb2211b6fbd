"""The shared record of a replay: latencies, the progress of each matter, and troubles."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from operate.replay.client import Answer

PERCENTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
MOST_TROUBLES = 50


@dataclass(slots=True)
class Case:
    """One opened matter: its incident, and its mission or petition if it has one.

    `unit` is the unit whose pool holds it, `team` the team that was sent, `office` the petition
    office that replies to the citizen. They end separately: `closed`, `cleared`, `filed`.
    """

    id: str
    code: str
    start: float
    unit: str = ""
    team: str = ""
    office: str = ""
    opened: float = field(default_factory=time.perf_counter)
    closed: bool = False
    cleared: bool = False
    filed: bool = False

    @property
    def is_worked(self) -> bool:
        """Whether departments and offices have finished their work on it."""
        return self.closed and (self.filed or not self.office)

    @property
    def is_done(self) -> bool:
        return self.is_worked and (self.cleared or not self.team)


@dataclass(slots=True)
class Ledger:
    """The record that all simulated people of one replay share."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    done: Counter[str] = field(default_factory=Counter)
    cases: dict[str, Case] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    replayed: int = 0
    _codes: dict[str, Case] = field(default_factory=dict)

    def took(self, what: str, answer: Answer) -> Any:
        """Record an answer; a replayed answer is counted, but its latency is not."""
        if answer.replayed:
            self.replayed += 1
        else:
            self.latencies[what].append(answer.seconds)
        self.done[what] += 1
        return answer.body

    def since(self, what: str, start: float) -> None:
        self.latencies[what].append(time.perf_counter() - start)

    def add(self, case: Case) -> Case:
        self.cases[case.id] = self._codes[case.code] = case
        return case

    def of_code(self, code: str) -> Case | None:
        return self._codes.get(code)

    def trouble(self, words: str) -> None:
        """Record an unexpected event; the audit finds its effect on the counts."""
        if len(self.troubles) < MOST_TROUBLES:
            self.troubles.append(words)

    def table(self) -> dict[str, dict[str, float]]:
        return {what: summary(found) for what, found in self.latencies.items() if found}


def summary(seconds: Iterable[float]) -> dict[str, float]:
    """Percentiles and maximum in milliseconds, and `n`, the number of values."""
    ordered = sorted(seconds)
    last = len(ordered) - 1
    found = {name: ordered[round(part * last)] for name, part in PERCENTS.items()}
    found["max"] = ordered[-1]
    return {name: round(value * 1000, 1) for name, value in found.items()} | {"n": last + 1}

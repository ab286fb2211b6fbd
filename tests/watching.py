"""A real Prometheus and Alertmanager beside a city, in a hurry: for tests of alerts and boards."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from operate.home.home import Home
from operate.home.ports import Ports
from operate.watching import prometheus
from tests.servers import Installed

POLL = 0.25
# A table is swept a minute after a start, and one that cannot be swept again after each minute.
SWEPT = 70


class Watch:
    """What Prometheus and Alertmanager say now."""

    def __init__(self, home: Home) -> None:
        self._urls = prometheus.urls(home)

    def values(self, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """The value of each series of an instant query; NaN, as of a rate of nothing, is none."""
        found = self._ask("Prometheus", f"/api/v1/query?query={quote(expression)}")["data"]
        every = {
            tuple(sorted(each["metric"].items())): float(each["value"][1])
            for each in found["result"]
        }
        return {labels: value for labels, value in every.items() if not isnan(value)}

    def firing(self, alert: str) -> list[dict[str, str]]:
        """The labels of each firing alert of this name."""
        every = self._ask("Prometheus", "/api/v1/alerts")["data"]["alerts"]
        return [
            each["labels"]
            for each in every
            if each["labels"]["alertname"] == alert and each["state"] == "firing"
        ]

    def told(self) -> set[str]:
        """The names of all alerts that Alertmanager has, also of those that another explains."""
        return {each["labels"]["alertname"] for each in self._ask("Alertmanager", "/api/v2/alerts")}

    def rings(self) -> set[str]:
        """The alerts of which people are told: those that no other one explains."""
        every = self._ask("Alertmanager", "/api/v2/alerts")
        return {
            each["labels"]["alertname"] for each in every if each["status"]["state"] != "suppressed"
        }

    def until(self, condition: Callable[[], object], patience: float, what: str) -> float:
        """Wait until it is true; return the seconds that it took. Raises AssertionError."""
        began = time.monotonic()
        while not condition():
            took = time.monotonic() - began
            assert took < patience, f"waited {patience:.0f} s in vain: {what}"
            time.sleep(POLL)
        return time.monotonic() - began

    def fires(self, alert: str, patience: float = 30.0, **labels: str) -> float:
        return self.until(lambda: self._has(alert, labels), patience, f"{alert} fires")

    def arrives(self, alert: str, patience: float = 30.0) -> float:
        """Wait until Alertmanager has it, too."""
        return self.until(lambda: alert in self.told(), patience, f"{alert} reaches Alertmanager")

    def clears(self, alert: str, patience: float = 60.0, **labels: str) -> float:
        return self.until(lambda: not self._has(alert, labels), patience, f"{alert} clears")

    def _has(self, alert: str, labels: dict[str, str]) -> bool:
        return any(labels.items() <= each.items() for each in self.firing(alert))

    def _ask(self, whom: str, path: str) -> Any:
        with urlopen(self._urls[whom] + path, timeout=10) as answer:  # noqa: S310 - ours
            return json.load(answer)


def home_of(city: Installed) -> Home:
    return Home(city.home, Ports(int(city.env["LIANDONG_PORT"])))


def hurried(into: Path, *, window: str = "10s", patient: bool = False) -> Path:
    """A copy of deploy/prometheus whose windows are seconds, so that alerts end soon.

    `patient` keeps how often it looks, `for:` and limits: alerts fire as they do in a city.
    """
    folder = shutil.copytree(prometheus.FILES, into / "prometheus", dirs_exist_ok=True)
    for path in folder.glob("*.yml"):
        text = path.read_text()
        text = re.sub(r"\[\d+[mh]\]", f"[{window}]", text)
        if not patient:
            text = re.sub(r"(_interval|_timeout): \d+s", r"\1: 1s", text)
            text = re.sub(r"( for:) \d+[smh]", r"\1 0s", text)
            text = text.replace("> 86400", f"> {SWEPT}")
            text = re.sub(r"(_seconds\n\s+expr:) vector\((?:15|60|120)\)", r"\1 vector(3)", text)
        path.write_text(text)
    return folder


@contextmanager
def watching(city: Installed, files: Path) -> Iterator[Watch]:
    home = home_of(city)
    with prometheus.running(home, prometheus.configured(home, files)):
        yield Watch(home)

"""Faults in a running city are told by a real Prometheus, and the alerts end with the faults.

One fault is played here, in a city of its own. `make faults` plays all of them.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from backbone.postgres.migrate import schemas
from backbone.process.keeping import kept_in
from backbone.process.settings import PORTS
from operate.admin.followers import followed
from operate.home.trouble import Trouble
from operate.watching.packages import program
from operate.watching.prometheus import FILES
from tests.faults.injected import UNCLAIMED, Scene
from tests.faults.playing import play
from tests.people import visiting
from tests.servers import Installed
from tests.watching import Watch, hurried, watching

PATIENCE = 60.0
# Of a city, and of each of its processes (docs/metrics.md).
MOST_SERIES, MOST_OF_ONE = 2_000, 400
SERIES = "{__name__=~'.+', job='liandong'}"
PROCESSES = {
    "gateway", "alarm", "emergency", "workflow", "workflow-stream", "directory",
    "petition+dispute+population", "supervisor",
}  # fmt: skip
BOARDS = FILES.parent / "grafana"


@pytest.fixture(scope="module")
def programs() -> None:
    try:
        for name in ("prometheus", "prometheus-alertmanager", "promtool"):
            program(name)
    except Trouble as trouble:
        pytest.skip(str(trouble))


@pytest.fixture(scope="module")
def city(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    city = Installed(tmp_path_factory.mktemp("alarms"))
    try:
        city.up()
        yield city
    finally:
        city.down()


@pytest.fixture(scope="module")
def watch(city: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    files: Path = hurried(tmp_path_factory.mktemp("rules"))
    with watching(city, files) as watch:
        watch.until(lambda: len(watch.values("up == 1")) == len(PROCESSES), 30, "every scrape")
        yield watch


def test_all_processes_are_asked_and_no_alert_fires_in_the_calm(watch: Watch) -> None:
    asked = {dict(labels)["process"] for labels in watch.values('up{job="liandong"} == 1')}
    assert asked == PROCESSES


def test_the_first_event_of_each_kind_shows(watch: Watch) -> None:
    """Each group counts from 0 before it has met anything, and each service before it is called."""

    def told(series: str, label: str) -> set[str]:
        return {dict(labels)[label] for labels in watch.values(series)}

    for series, label in (
        ("liandong_dead_letters_total", "group"),
        ("liandong_forged_total{what='record'}", "by"),
    ):
        assert followed().keys() <= told(series, label)
    assert told("liandong_forged_total{what='call'}", "by") >= {*PORTS} - {
        "gateway",
        "workflow-stream",
    }
    assert {"incidents", "receipts", "disputes"} <= told("liandong_lists_too_slow_total", "table")


def test_every_page_is_clean(city: Installed) -> None:
    """Names, units and kinds by Prometheus' conventions, of each process."""
    targets = json.loads((city.home / "prometheus-targets.json").read_text())
    said = {}
    for each in targets:
        with urlopen(f"http://{each['targets'][0]}/metrics", timeout=10) as page:
            argv = [program("promtool"), "check", "metrics"]
            done = subprocess.run(argv, input=page.read(), capture_output=True, check=False)
        said[each["labels"]["process"]] = (done.stdout + done.stderr).decode().strip()
    assert said == dict.fromkeys(PROCESSES, "")


def test_what_the_chart_scales_by_is_told_and_every_table_is_swept(watch: Watch) -> None:
    chart = FILES.parent / "helm" / "liandong" / "values.yaml"
    scaling = yaml.safe_load(chart.read_text())["autoscaling"]
    asked = f'{scaling["metric"]}{{group="{scaling["group"]}",process="workflow-stream"}}'
    watch.until(lambda: watch.values(asked), 30, asked)
    swept = {
        (dict(labels)["schema"], dict(labels)["table"])
        for labels in watch.values("time() - liandong_table_swept_timestamp_seconds < 600")
    }
    wanted = {
        (schema.name, table)
        for schema in schemas()
        for table, kept in kept_in(schema.name, {}).items()
        if kept.days is not None
    }
    assert swept == wanted


def test_each_panel_shows_something_after_a_short_day(city: Installed, watch: Watch) -> None:
    played = city.liandong("replay", "--size", "40")
    assert played.returncode == 0, played.stdout + played.stderr
    watch.until(lambda: watch.values("rate(liandong_streamed_total[20s]) > 0"), 30, "a rate")
    silent = {
        (board.stem, panel["title"])
        for board in sorted(BOARDS.glob("*.json"))
        for panel in json.loads(board.read_text())["panels"]
        for target in panel["targets"]
        if not watch.values(target["expr"].replace("$__rate_interval", "1m"))
    }
    assert silent == set()
    assert sum(watch.values(f"count({SERIES})").values()) <= MOST_SERIES
    assert max(watch.values(f"count by (process) ({SERIES})").values()) <= MOST_OF_ONE


async def test_an_alert_tells_of_the_fault_and_ends_with_it(city: Installed, watch: Watch) -> None:
    """The fault that is told soonest."""
    async with visiting(city) as visit:
        await play(UNCLAIMED, Scene(city, visit, watch), PATIENCE)

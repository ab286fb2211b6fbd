"""What `liandong watch` says where it cannot do its work, and whom Prometheus is told to ask."""

import json
from pathlib import Path

import pytest

from operate.home.home import Home
from operate.home.ports import Ports
from operate.home.trouble import Trouble
from operate.run import targets
from operate.run.installation import Installation
from operate.watching import naming, prometheus
from operate.watching.packages import program


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "run", Ports(21_000))


def test_without_debians_packages_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(Trouble) as caught:
        program("prometheus")
    assert "apt-get update" in caught.value.english and "apt-get update" in caught.value.chinese
    assert not list((tmp_path / "cache").rglob("*.deb"))
    assert not (tmp_path / "cache/liandong/debian/prometheus").exists()


def test_a_home_in_which_nothing_ran_has_nothing_to_watch(home: Home) -> None:
    with pytest.raises(Trouble, match="make run first"):
        prometheus.demand_city(home)


def test_each_process_is_asked_once_and_the_supervisor_too(home: Home) -> None:
    installation = Installation.chosen(home)
    targets.remember(installation)
    found = json.loads(targets.targets_file(home).read_text())
    addresses = [address for each in found for address in each["targets"]]
    assert len(addresses) == len({*addresses}) == 8
    assert "petition+dispute+population" in {each["labels"]["process"] for each in found}
    prometheus.demand_city(home)


def test_the_configuration_of_a_home_names_its_targets_and_the_rules(home: Home) -> None:
    path = prometheus.configured(home)
    text = path.read_text()
    assert str(targets.targets_file(home)) in text
    assert "127.0.0.1:21004" in text and str(prometheus.FILES / "alerts.yml") in text


RULE = """
groups:
  - name: ours
    rules:
      - {{alert: Ours, expr: "{expr}", labels: {{severity: warning}}}}
"""


@pytest.mark.parametrize(
    ("expr", "near"),
    [
        ("liandong_consumer_stoped == 1", "liandong_consumer_stopped is meant"),
        ("rate(liandong_batch_seconds[5m]) > 1", "liandong_batch_seconds_"),
        ("liandong:nothing:of_the_kind > scalar(liandong:limit:lag_seconds)", ""),
        ("up == 0 and liandong_zzz > 0", ""),
    ],
)
def test_an_alert_on_a_metric_that_does_not_exist_is_refused(
    expr: str, near: str, tmp_path: Path
) -> None:
    ours = tmp_path / "ours.yml"
    ours.write_text(RULE.format(expr=expr))
    with pytest.raises(Trouble) as caught:
        naming.demand_known([prometheus.FILES / "limits.yml", ours])
    assert "Ours asks for liandong" in caught.value.english and near in caught.value.english
    assert "Ours" in caught.value.chinese


def test_the_rules_that_are_deployed_ask_for_what_exists() -> None:
    names = ("limits.yml", "recording.yml", "alerts.yml", "supervised.yml")
    naming.demand_known([prometheus.FILES / name for name in names])

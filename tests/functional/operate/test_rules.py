"""promtool reads the rules of deploy/prometheus, and plays what each alert is for."""

import subprocess
from pathlib import Path

import pytest
import yaml

from operate.home.trouble import Trouble
from operate.watching.naming import rules_of
from operate.watching.packages import program
from operate.watching.prometheus import FILES


@pytest.fixture(scope="module")
def promtool() -> Path:
    try:
        return program("promtool")
    except Trouble as trouble:
        pytest.skip(str(trouble))


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=FILES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_for_its_fault_and_none_in_the_calm(promtool: Path) -> None:
    run(promtool, "test", "rules", "tests.yml")


@pytest.mark.parametrize("name", ["prometheus.yml", "systemd.yml"])
def test_the_configuration_is_one(promtool: Path, name: str) -> None:
    run(promtool, "check", "config", name)


def test_that_for_kubernetes_is_one_but_for_its_discovery(promtool: Path, tmp_path: Path) -> None:
    """Debian builds Prometheus without the discovery of Kubernetes: all else is checked."""
    told = yaml.safe_load((FILES / "kubernetes.yml").read_text())
    told["rule_files"] = [str(FILES / name) for name in told["rule_files"]]
    [scraped] = told["scrape_configs"]
    [discovery] = scraped.pop("kubernetes_sd_configs")
    assert discovery["role"] == "pod" and set(discovery) == {"role", "namespaces", "selectors"}
    (tmp_path / "kubernetes.yml").write_text(yaml.safe_dump(told))
    run(promtool, "check", "config", tmp_path / "kubernetes.yml")


def test_no_alert_is_left_untried() -> None:
    cases = yaml.safe_load((FILES / "tests.yml").read_text())["tests"]
    tried = {
        sample["labels"].split('"')[1]
        for case in cases
        for asked in case["promql_expr_test"]
        for sample in asked["exp_samples"]
    }
    rules = [rule for name in ("alerts.yml", "supervised.yml") for rule in rules_of(FILES / name)]
    assert tried == {rule["alert"] for rule in rules}

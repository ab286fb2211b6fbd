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


@pytest.mark.parametrize("name", ["prometheus.yml", "systemd.yml", "kubernetes.yml"])
def test_the_configuration_is_one(promtool: Path, name: str) -> None:
    run(promtool, "check", "config", name)


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

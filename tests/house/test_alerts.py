"""Each alert is rung in a running city: by a fault of `make faults` or a cause of `make alarms`."""

from operate.watching.naming import rules_of
from operate.watching.prometheus import FILES
from tests.faults import alerts, brokers, injected
from tests.faults.injected import UNCLAIMED
from tests.house.sources import TOP


def test_each_alert_is_rung_in_a_running_city() -> None:
    rules = [rule for name in ("alerts.yml", "supervised.yml") for rule in rules_of(FILES / name)]
    declared = {rule["alert"] for rule in rules}
    faults = [*injected.every(["alarm"]), UNCLAIMED, *alerts.ALL]
    rung = {alert for fault in faults for alert, _ in fault.alerts}
    rung |= set(brokers.RUNG)
    assert rung == declared


def test_both_have_a_command() -> None:
    said = (TOP / "Makefile").read_text()
    assert "-m tests.faults $(ONLY)" in said and "-m tests.faults.alerts $(ONLY)" in said

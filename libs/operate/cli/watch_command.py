"""`liandong watch`: Prometheus and Alertmanager beside the running city, until Ctrl-C."""

import signal
import time

from operate.cli.screen import say
from operate.home.home import Home
from operate.home.trouble import Trouble
from operate.watching import prometheus

POLL = 0.5


def watch() -> None:
    """Start Prometheus and Alertmanager beside the city; run until Ctrl-C."""
    home = Home.here()
    prometheus.demand_city(home)
    home.make()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with prometheus.running(home, prometheus.configured(home)) as processes:
        for name, url in prometheus.urls(home).items():
            say(f"{name}: {url}", f"{name}：{url}")
        say("alerts: docs/runbook.md; Ctrl-C stops", "告警处置见 docs/runbook.md；按 Ctrl-C 停止")
        try:
            while all(process.poll() is None for process in processes):
                time.sleep(POLL)
        except KeyboardInterrupt:
            return
    raise Trouble(
        "Prometheus or Alertmanager has ended; "
        f"see {home.logs}/prometheus.log and alertmanager.log.",
        f"Prometheus 或 Alertmanager 已退出；详见 {home.logs}/prometheus.log 和 alertmanager.log。",
    )

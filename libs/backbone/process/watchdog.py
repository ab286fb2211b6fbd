"""The watchdog: ends a process whose loops stand still; what runs it starts it again.

It cannot end a process that a signal has stopped. So systemd is told at each look that this one
runs; our supervisor and Kubernetes ask the probes instead.
"""

import logging
import os
import time
from collections.abc import Mapping
from threading import Thread

from backbone.process.notified import notifier
from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

LOOK = 5.0
STOOD_STILL = 71
# Without these loops a process serves no request. The other loops may be waiting for a Kafka that
# hangs, while the process still serves: they count only after LONG times the patience.
VITAL = frozenset({"event loop", "batcher"})
LONG = 5.0


def watch(pulses: Mapping[str, Pulse], look: float = LOOK) -> None:
    """Watch from a thread, because a blocked event loop cannot watch itself."""
    Thread(target=_watch, args=(pulses, look), daemon=True, name="watchdog").start()


def _watch(pulses: Mapping[str, Pulse], look: float) -> None:
    before: set[str] = set()
    notify = notifier(os.environ)
    while True:
        notify()
        time.sleep(look)
        dead = {f"{name}: {loop}" for name, pulse in pulses.items() for loop in _hopeless(pulse)}
        # Dead twice in a row: after SIGSTOP and SIGCONT every loop looks dead at first.
        if dead & before:
            log.critical("process.stands_still", extra={"loops": sorted(dead & before)})
            os._exit(STOOD_STILL)
        before = dead


def _hopeless(pulse: Pulse) -> set[str]:
    return set(pulse.dead()) & VITAL | set(pulse.dead(times=LONG))

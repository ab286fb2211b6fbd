"""The watchdog: a process whose loops stand still ends itself, and the runner starts it again."""

import logging
import os
import time
from collections.abc import Mapping
from threading import Thread

from backbone.process.pulse import Pulse

log = logging.getLogger(__name__)

LOOK = 5.0
STOOD_STILL = 71
# Without these a process does nothing for anybody. The others may wait for a Kafka that hangs, and
# must not take along what works without it: they count only after this many times the patience.
VITAL = frozenset({"event loop", "batcher"})
LONG = 5.0


def watch(pulses: Mapping[str, Pulse], look: float = LOOK) -> None:
    """Watch from a thread of its own: a blocked event loop cannot watch itself."""
    Thread(target=_watch, args=(pulses, look), daemon=True, name="watchdog").start()


def _watch(pulses: Mapping[str, Pulse], look: float) -> None:
    before: set[str] = set()
    while True:
        time.sleep(look)
        dead = {f"{name}: {loop}" for name, pulse in pulses.items() for loop in _hopeless(pulse)}
        # Twice: after a stop and a continue of the whole process every loop looks dead at first.
        if dead & before:
            log.critical("process.stands_still", extra={"loops": sorted(dead & before)})
            os._exit(STOOD_STILL)
        before = dead


def _hopeless(pulse: Pulse) -> set[str]:
    return set(pulse.dead()) & VITAL | set(pulse.dead(times=LONG))

"""Watches the wires of a service: its own certificate, and whether Kafka lets it in."""

import asyncio
import logging
import time
from datetime import UTC, datetime

from backbone.kafka.connecting import refusal_by
from backbone.process.certificates import WireFlaw, end_of, flaw_of
from backbone.process.metrics import CERTIFICATE_LEFT
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.process.wires import Protected, Wires

log = logging.getLogger(__name__)

PART = "certificate"
LOOK = 2.0
# Seconds between two readings of unchanged files, and between two questions to Kafka, each of which
# is a connection of its own.
ASK = 60.0


async def watch_wires(settings: Settings, pulse: Pulse) -> None:
    """Tell of renewed files and of their flaws in log and readiness; for ever.

    A Kafka that refuses us is told in the log and by `liandong doctor`, and is no reason to be
    unready: what lives depend on works without Kafka.
    """
    if settings.wires is None:
        return
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_watch_files(settings.wires, pulse))
        if isinstance(settings.brokers, Protected):
            tasks.create_task(watch_kafka(settings.brokers, pulse))


async def _watch_files(wires: Wires, pulse: Pulse) -> None:
    """Look at the files' times often, and into them when they have changed and now and then."""
    used, told, due = wires.stamp(), None, 0.0
    while True:
        now = wires.stamp()
        if now != used or time.monotonic() >= due or told is not None:
            told, due = _tell(wires, pulse, told), time.monotonic() + ASK
            if told is None and now != used:
                used = now
                log.info("certificate.renewed", extra={"service": wires.name})
        await asyncio.sleep(LOOK)


def _tell(wires: Wires, pulse: Pulse, told: WireFlaw | None) -> WireFlaw | None:
    """Say in readiness, metric and log how the files are; return their flaw."""
    flaw = flaw_of(wires)
    if flaw is None:
        pulse.have(PART)
        left = end_of(wires.own) - datetime.now(UTC)
        CERTIFICATE_LEFT.labels(wires.name).set(left.total_seconds())
        return None
    pulse.lack(PART, str(flaw))
    CERTIFICATE_LEFT.labels(wires.name).set(0)
    if flaw != told:
        log.error("certificate.unusable", extra={"error": str(flaw)})
    return flaw


async def watch_kafka(brokers: Protected, pulse: Pulse) -> None:
    """Say in the log that Kafka does not let us in, and why; for ever."""
    async for _ in pulse.rounds("rights at Kafka", ASK):
        if flaw := await refusal_by(brokers):
            log.error("kafka.refuses", extra={"error": str(flaw)})

"""Watches the wires of a service: its own certificate, and whether Kafka lets it in."""

import asyncio
import logging
from datetime import UTC, datetime

from backbone.kafka.connecting import refusal_by
from backbone.process.certificates import WireFlaw, end_of, flaw_of
from backbone.process.metrics import CERTIFICATE_LEFT
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.process.wires import Protected, Stamp, Wires, refresh

log = logging.getLogger(__name__)

PART = "certificate"
LOOK = 2.0
# Seconds between two questions to Kafka: each is a connection of its own.
ASK = 60.0


async def watch_wires(settings: Settings, pulse: Pulse) -> None:
    """Use renewed files, and tell of flaws in log and readiness; for ever.

    A Kafka that refuses us is told in the log and by `liandong doctor`, and is no reason to be
    unready: what lives depend on works without Kafka.
    """
    if settings.wires is None:
        return
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_watch_files(settings.wires, pulse))
        if isinstance(settings.brokers, Protected):
            tasks.create_task(_watch_kafka(settings.brokers))


async def _watch_files(wires: Wires, pulse: Pulse) -> None:
    seen: Stamp = wires.stamp()
    told: WireFlaw | None = None
    while True:
        flaw = flaw_of(wires)
        if flaw is None:
            pulse.have(PART)
            left = end_of(wires.own) - datetime.now(UTC)
            CERTIFICATE_LEFT.labels(wires.name).set(left.total_seconds())
            if (now := wires.stamp()) != seen:
                refresh(wires)
                seen = now
                log.info("certificate.renewed", extra={"service": wires.name})
        else:
            pulse.lack(PART, str(flaw))
            CERTIFICATE_LEFT.labels(wires.name).set(0)
            if flaw != told:
                log.error("certificate.unusable", extra={"error": str(flaw)})
        told = flaw
        await asyncio.sleep(LOOK)


async def _watch_kafka(brokers: Protected) -> None:
    while True:
        if flaw := await refusal_by(brokers):
            log.error("kafka.refuses", extra={"error": str(flaw)})
        await asyncio.sleep(ASK)

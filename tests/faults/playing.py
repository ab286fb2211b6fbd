"""Makes a fault, waits for its alerts, mends it, and waits until they have cleared."""

import asyncio
import time
from dataclasses import dataclass

from tests.faults.injected import Fault, Scene

PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Told:
    """Seconds from the fault to the alert, and from the remedy to its end."""

    fault: str
    alert: str
    fired: float
    cleared: float


async def play(fault: Fault, scene: Scene, patience: float = PATIENCE) -> list[Told]:
    """Raises AssertionError for an alert that does not fire, or does not clear."""
    began = time.monotonic()
    await fault.make(scene)
    fired = []
    for alert, labels in fault.alerts:
        await asyncio.to_thread(scene.watch.fires, alert, patience, **labels)
        fired.append(time.monotonic() - began)
        await asyncio.to_thread(scene.watch.arrives, alert)
    mended = time.monotonic()
    await fault.mend(scene)
    told = []
    for (alert, labels), seconds in zip(fault.alerts, fired, strict=True):
        await asyncio.to_thread(scene.watch.clears, alert, patience, **labels)
        told.append(Told(fault.name, alert, seconds, time.monotonic() - mended))
    return told

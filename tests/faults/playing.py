"""Makes a fault while people work, measures what they saw, and waits for alerts and recovery."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.injected import Fault, Scene
from tests.killing import pids
from tests.living.book import longest, seen
from tests.living.ledger import Matters, balance
from tests.living.work import Staff

PATIENCE = 180.0
CALM = 2.0
BACK = 90.0


@dataclass(frozen=True, slots=True)
class Told:
    """Seconds from the fault to the alert, and from the remedy to its end."""

    fault: str
    alert: str
    fired: float
    cleared: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `wrong` says what is not as it must be."""

    fault: str
    saw: str
    longest: float
    recovered: float
    lost: int
    doubled: int
    alerts: Sequence[tuple[str, float]]
    wrong: Sequence[str]
    beside: Sequence[str] = ()


async def play(fault: Fault, scene: Scene, patience: float = PATIENCE) -> list[Told]:
    """Raises AssertionError for an alert that does not fire, or does not clear."""
    began = time.monotonic()
    await fault.make(scene)
    fired = await _fired(fault, scene, began, patience)
    mended = time.monotonic()
    await fault.mend(scene)
    told = []
    for (alert, labels), (_, seconds) in zip(fault.alerts, fired, strict=True):
        await asyncio.to_thread(scene.watch.clears, alert, patience, **labels)
        told.append(Told(fault.name, alert, seconds, time.monotonic() - mended))
    return told


async def _fired(
    fault: Fault, scene: Scene, began: float, patience: float
) -> list[tuple[str, float]]:
    fired = []
    for alert, labels in fault.alerts:
        await asyncio.to_thread(scene.watch.fires, alert, patience, **labels)
        fired.append((alert, time.monotonic() - began))
        await asyncio.to_thread(scene.watch.arrives, alert)
    return fired


@dataclass(frozen=True, slots=True)
class Course:
    """When a fault began, from when its recovery counts, when all was ready; and its alerts."""

    began: float
    since: float
    ready: float
    fired: Sequence[tuple[str, float]]
    untold: str
    rang: frozenset[str]


async def suffered(fault: Fault, scene: Scene, staff: Staff, before: Matters) -> Row:
    """Play a fault while people work; what is wrong stands in the row."""
    for alert, labels in fault.alerts:
        await asyncio.to_thread(scene.watch.clears, alert, PATIENCE, **labels)
    await fault.before(scene)
    await staff.rest()  # what waits for that is no part of the fault
    staff.go_on()
    course = await _course(fault, scene)
    await asyncio.sleep(CALM)
    await staff.rest()
    await fault.after(scene)
    found = await balance(scene.city.run["database"], staff.ledger, before)
    asked = staff.book.between(course.began, course.ready + CALM)
    failed = staff.take_failed()
    staff.go_on()
    noticed = [each.ended for each in asked if each.was_noticed and each.began < course.ready]
    recovered = max([course.ready, *noticed]) - course.since
    late = [f"{a} after {s:.0f} s" for a, s in course.fired if s > fault.told_within]
    slow = [f"back after {recovered:.1f} s"] if recovered > fault.within else []
    untold = [course.untold] if course.untold else []
    return Row(
        fault.name,
        seen(asked),
        longest(asked),
        recovered,
        len(found.lost),
        len(found.doubled),
        course.fired,
        [*failed, *found.lost, *found.doubled, *untold, *late, *slow],
        sorted(course.rang - {alert for alert, _ in course.fired}),
    )


async def _course(fault: Fault, scene: Scene) -> Course:
    """Make it, wait for its alerts, mend it, and wait until everything is ready."""
    before = await asyncio.to_thread(scene.watch.told)
    old, began = pids(scene.city).get(fault.dies), time.monotonic()
    await fault.make(scene)
    alone = asyncio.create_task(_back(scene, fault.dies, old)) if fault.dies else None
    fired: Sequence[tuple[str, float]] = ()
    untold = ""
    try:
        fired = await _fired(fault, scene, began, PATIENCE)
    except AssertionError as error:
        untold = str(error)
    rang = await asyncio.to_thread(scene.watch.rings)
    scene.remedied = time.monotonic()
    await fault.mend(scene)
    ready = await (alone or _back(scene, "", None))
    since = began if alone else scene.remedied
    return Course(began, since, ready, fired, untold, frozenset(rang - before))


async def _back(scene: Scene, name: str, old: int | None) -> float:
    """The moment at which everything is ready, with another process of this name."""
    deadline = time.monotonic() + BACK
    while not (now := pids(scene.city)) or (name and now.get(name) in (None, old)):
        assert time.monotonic() < deadline, f"not ready {BACK:g} s after the fault or its remedy"
        await asyncio.sleep(0.05)
    return time.monotonic()

"""B1: the pure core alone, no I/O, in batches of a hundred, beside a bare loop over a dict."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backbone.words.actor import Actor
from backbone.words.matter import Matter
from backbone.words.place import Place
from services.workflow.incident import INCIDENTS
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.closing import CloseIncident, VerifyIncident
from services.workflow.incident.handling import ReportProgress, ResolveIncident
from services.workflow.incident.opening import OpenIncident
from services.workflow.incident.record import Incident
from services.workflow.incident.world import World
from tests.bench.figures import MORE, Figure
from tests.bench.plan import Plan
from tests.cities import NORTH, NOW, a_city
from tests.incidents import Alone

GATE = 60_000.0
BATCH = 100
WORLD = World(a_city(), Alone())
LI = Actor("li", "north", "clerk", NORTH)
DESK = Actor("zhao", "command", "dispatcher", "990101")
LIFE: tuple[Any, ...] = (
    ClaimIncident(LI),
    ReportProgress(LI, "on the way"),
    ResolveIncident(LI, "SOLVED", "done"),
    VerifyIncident(DESK, "YES"),
    CloseIncident(DESK),
)


async def measure(plan: Plan) -> list[Figure]:
    limit = Figure("B1", "bare loop over a dict", "commands/s", MORE)
    ours = Figure("B1", "pure core, one core", "commands/s", MORE, gate=GATE, limit=limit)
    for is_warm in plan.rounds():
        rates = rate_of(lived, plan.seconds / 2), rate_of(touched, plan.seconds / 2)
        if is_warm:
            ours.runs.append(rates[0])
            limit.runs.append(rates[1])
    return [ours, limit]


def rate_of(batch: Callable[[], int], seconds: float) -> float:
    """By the processor's time: what others do on this machine does not count."""
    start, count = time.process_time(), 0
    while (spent := time.process_time() - start) < seconds:
        count += batch()
    return count / spent


def lived() -> int:
    """A hundred incidents from their opening to their closing."""
    now, states = NOW, dict[UUID, Incident]()
    for number in range(BATCH):
        perform(states, UUID(int=number), OpenIncident(DESK, a_matter(number)), now)
    for command in LIFE:
        now += timedelta(seconds=1)
        for incident in states:
            perform(states, incident, command, now)
    return BATCH * (len(LIFE) + 1)


def perform(states: dict[UUID, Incident], incident: UUID, command: Any, now: datetime) -> None:
    found: Any = states.get(incident)
    for event in INCIDENTS.decide(found, command, now, WORLD):
        found = INCIDENTS.evolve(found, event)
    states[incident] = found


def touched() -> int:
    states: dict[UUID, tuple[int, str]] = {}
    for verb in range(len(LIFE) + 1):
        for number in range(BATCH):
            incident = UUID(int=number)
            version, _ = states.get(incident, (0, ""))
            states[incident] = (version + 1, str(verb))
    return BATCH * (len(LIFE) + 1)


def a_matter(number: int) -> Matter:
    return Matter(
        id=UUID(int=number),
        code=f"990101260101-{number:06}-0",
        source="ALARM",
        title="theft",
        narrative="a bicycle",
        category="theft",
        priority="P2",
        place=Place(area=NORTH),
        desk="command",
    )

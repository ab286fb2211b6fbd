"""B1: the pure core alone, no I/O, in batches of a hundred, beside a bare loop over a dict."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.place import Place
from services.workflow import incident as domain
from services.workflow.incident.claim import ClaimIncident
from services.workflow.incident.closing import CloseIncident, VerifyIncident
from services.workflow.incident.handling import ReportProgress, ResolveIncident
from services.workflow.incident.record import Incident, Matter, OpenIncident
from tests.bench.figures import MORE, Figure
from tests.bench.plan import Plan
from tests.cities import NORTH, NOW, a_city

GATE = 60_000.0
BATCH = 100
CITY = a_city()
LI = Actor("li", "north", "clerk", NORTH)
DESK = Actor("zhao", "command", "dispatcher", "990101")
LIFE: tuple[domain.Command, ...] = (
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
        perform(states, UUID(int=number), OpenIncident(DESK, a_matter(number)), now, CITY)
    for command in LIFE:
        now += timedelta(seconds=1)
        for incident in states:
            perform(states, incident, command, now, CITY)
    return BATCH * (len(LIFE) + 1)


def perform(
    states: dict[UUID, Incident], incident: UUID, command: domain.Command, now: datetime, city: City
) -> None:
    found = states.get(incident)
    for event in domain.decide(found, command, now, city):
        found = domain.evolve(found, event)
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

"""B4: a claim over HTTP, with everything running: over Kafka and Faust, and by the direct door."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import count
from uuid import uuid4

from tests.bench import bare, sealing
from tests.bench.caller import Http
from tests.bench.figures import MORE, Figure, percentiles
from tests.bench.openloop import Timed, offered
from tests.bench.plan import Plan
from tests.bench.world import UNIT, World, life_of

GATES = {
    (50, "p50"): (15.0, 2.0),
    (50, "p99"): (60.0, 2.0),
    (50, "p99.9"): (150.0, None),
    (250, "p50"): (30.0, None),
    (250, "p99"): (90.0, None),
    (250, "p99.9"): (200.0, None),
}
DIRECT_GATES = {"p50": 6.0, "p99": 25.0}
CLERKS = 500
TURN = count()


async def measure(world: World, plan: Plan) -> list[Figure]:
    """At 50 and at 250 a second, each beside the bare round trip of the same rate."""
    figures: list[Figure] = []
    http = Http(world.gateway, world.key(UNIT))
    async with bare.round_trips(world) as round_trip:
        for rate in (50, 250):
            limits = {
                p: Figure("B4", f"bare round trip {rate}/s {p}", "ms")
                for p in ("p50", "p99", "p99.9")
            }
            ours = {p: ours_of(rate, p, limits[p]) for p in limits}
            share = Figure("B4", f"by Kafka and Faust, {rate}/s", "%", MORE)
            for is_warm in plan.rounds():
                claims = await claimed(world, http, rate, plan.seconds)
                trips = await offered(rate, life_values(rate, plan.seconds), round_trip.ask)
                if is_warm:
                    note(ours, [each.seconds for each in claims])
                    note(limits, [each.seconds for each in trips])
                    roads = Counter(each.result for each in claims)
                    share.runs.append(100 * roads["stream"] / len(claims))
            figures += [*ours.values(), share, *limits.values()]
    figures.append(await sealing.share(world, "B4", claimed(world, http, 50, plan.seconds)))
    figures += await directly(world, http, plan)
    http.close()
    return figures


async def directly(world: World, http: Http, plan: Plan) -> list[Figure]:
    """The stream processor is held down: five hedges later everything goes by the direct door."""
    figures = {
        p: Figure("B4", f"claim by the direct door, 50/s {p}", "ms")
        for p in ("p50", "p99", "p99.9")
    }
    for name, gate in DIRECT_GATES.items():
        figures[name].gate = gate
    world.city.liandong("stop", "workflow-stream")
    try:
        incidents = await opened_directly(world, 50 * plan.seconds * plan.all_rounds + 20)
        await asyncio.gather(*(claim(http, each) for each in incidents[:20]))
        rest = iter(incidents[20:])
        for is_warm in plan.rounds():
            batch = [next(rest) for _ in range(50 * plan.seconds)]
            found = await offered(50, batch, lambda each: claim(http, each))
            if is_warm:
                note(figures, [each.seconds for each in found])
    finally:
        world.city.liandong("start", "workflow-stream")
    return list(figures.values())


async def opened_directly(world: World, count: int) -> list[str]:
    """Incidents for the direct door: opened while the stream still works."""
    world.city.liandong("start", "workflow-stream")
    incidents = await world.incidents(count)
    world.city.liandong("stop", "workflow-stream")
    return incidents


async def claimed(world: World, http: Http, rate: int, seconds: int) -> list[Timed[str]]:
    """Claims at this rate; the few that go by the direct road count too, as they do in life."""
    incidents = await world.incidents(rate * seconds)
    return await offered(rate, incidents, lambda each: claim(http, each))


async def claim(http: Http, incident: str) -> str:
    """Claim it and say by which road. Raises RuntimeError for a refusal.

    Many clerks claim in turn, because the claim cap limits how many each may hold.
    """
    clerk = f"bench-{next(TURN) % CLERKS}"
    answer = await http.post(
        f"/v1/incidents/{incident}:claim", {}, idempotency_key=uuid4().hex, liandong_person=clerk
    )
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {answer.body}")
    return answer.headers.get("liandong-road", "")


def ours_of(rate: int, percent: str, limit: Figure) -> Figure:
    gate, most = GATES[rate, percent]
    return Figure(
        "B4", f"claim over HTTP, {rate}/s {percent}", "ms", gate=gate, limit=limit, most=most
    )


def life_values(rate: int, seconds: int) -> list[bytes]:
    """As many bytes as a claim is on the command topic."""
    return [life_of("00000000-0000-0000-0000-000000000000")[0].value] * (rate * seconds)


def note(figures: dict[str, Figure], seconds: Sequence[float]) -> None:
    for name, value in percentiles(seconds).items():
        figures[name].runs.append(value)

"""Role × list × filter × depth: pages and counts, beside an index-only scan of the same run."""

import sys
import time
from collections import defaultdict
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from random import Random
from typing import Any

from backbone.postgres.asking import Asked
from backbone.postgres.listing import Lists
from backbone.postgres.migrate import service_url
from backbone.postgres.paging import scope_of, sign_token
from backbone.postgres.paths import NO_ID
from backbone.postgres.pool import Pool, open_pool
from backbone.words.errors import TooSlow
from backbone.words.rank import BAND, BANDS, OVER, URGENT
from tests.bench.figures import LESS, Figure, percentiles
from tests.bench.lists.building import a_database
from tests.bench.lists.cases import Case, cases
from tests.bench.lists.services import SERVICES
from tests.bench.plan import Plan
from tests.ledger.building import SECRET
from tests.listed import trusted

GATE = 50.0
KEY = bytes(32)
TEN_YEARS = 3_650 * 86_400
SHOWN = 12  # of the worst kinds of list
# The page as an index alone gives it: nothing is read but its entries.
BARE = """
SELECT rank, id FROM incidents WHERE state = 'CLOSED' AND rank > $1 ORDER BY rank, id LIMIT 51
"""

Samples = dict[tuple[str, str], list[float]]  # seconds by (case, "a page" or "a count")


async def measure(plan: Plan) -> list[Figure]:
    """Pages, the first and one anywhere, and counts, of every list."""
    limit = Figure("B8", "index-only scan of 51 entries, p99", "ms")
    figures: dict[tuple[str, str], Figure] = {}
    for service in SERVICES.values():
        for part in ("a page", "a count"):
            name = f"{service.title}: {part}, p99 over every role, filter and depth"
            figures[service.table, part] = Figure("B8", name, "ms", LESS, GATE, limit)
    every: Samples = defaultdict(list)
    async with a_database(plan.lists) as dsn, AsyncExitStack() as stack:
        pools: dict[str, Pool] = {}
        for name in SERVICES:
            url = service_url(dsn, name, SECRET)
            pools[name] = await stack.enter_async_context(await open_pool(url, name))
        for number, is_warm in enumerate(plan.rounds()):
            found = await _round(pools, Random(number))  # the same places every time
            bare = await _bare(pools["workflow"], Random(number))
            if is_warm:
                limit.runs.append(percentiles(bare)["p99"])
                for key, figure in figures.items():
                    own = [each for (case, part), seconds in found.items() for each in seconds
                           if (case.split("\0")[0], part) == key]  # fmt: skip
                    figure.runs.append(percentiles(own)["p99"])
                for which, seconds in found.items():
                    every[which] += seconds
    _tell(every)
    return [*figures.values(), limit]


async def _round(pools: dict[str, Pool], random: Random) -> Samples:
    """Every list once: the first page, two others, and the count."""
    found: Samples = defaultdict(list)
    lists = {name: Lists(pools[name], KEY, each.table, each.paths, trusted)
             for name, each in SERVICES.items()}  # fmt: skip
    for case in cases():
        service = SERVICES[case.service]
        asked = service.asked(case.request, case.actor)
        name = f"{service.table}\0{case.who}\0{case.what}"
        for depth in range(3):
            token = _somewhere(case, asked, random) if depth else ""
            found[name, "a page"].append(await _timed(lists[case.service], case, asked, token))
        size = lists[case.service].size(asked)
        found[name, "a count"].append(await _seconds(case, size))
    return found


async def _timed(lists: Lists, case: Case, asked: Asked, token: str) -> float:
    service, request = SERVICES[case.service], type(case.request)()
    request.CopyFrom(case.request)
    request.page_token = token
    shown = service.shown(case.actor)
    return await _seconds(case, lists.answer(request, service.response(), asked, shown))


async def _seconds(case: Case, work: Awaitable[Any]) -> float:
    """The seconds it takes; a list that is refused as too slow counts until the refusal."""
    started = time.perf_counter()
    try:
        await work
    except TooSlow:
        sys.stderr.write(f"  refused as too slow: {case.service} · {case.who} · {case.what}\n")
    return time.perf_counter() - started


def _somewhere(case: Case, asked: Asked, random: Random) -> str:
    """The token of a page that begins anywhere in the ten years."""
    moment = int((time.time() - random.random() * TEN_YEARS) * 1_000_000)
    is_over = asked.span[0] >= 0
    rank = OVER - moment if is_over else -moment
    if case.service == "workflow" and not is_over:
        rank = URGENT + random.randrange(len(BANDS)) * BAND + moment
    return sign_token(KEY, scope_of(case.request), (rank, NO_ID))


async def _bare(pool: Pool, random: Random) -> list[float]:
    taken = []
    async with pool.acquire() as conn:
        for _ in range(200):
            moment = int((time.time() - random.random() * TEN_YEARS) * 1_000_000)
            started = time.perf_counter()
            await conn.fetch(BARE, OVER - moment)
            taken.append(time.perf_counter() - started)
    return taken


def _tell(every: Samples) -> None:
    """The worst kinds of list, by their median and their worst."""
    for part in ("a page", "a count"):
        rows = [(sorted(seconds), case) for (case, of), seconds in every.items() if of == part]
        rows.sort(key=lambda row: -row[0][len(row[0]) // 2])
        for seconds, case in rows[:SHOWN]:
            middle, worst = 1000 * seconds[len(seconds) // 2], 1000 * seconds[-1]
            sys.stderr.write(f"  {part}: {' · '.join(case.split(chr(0)))}: "
                             f"median {middle:.0f} ms, worst {worst:.0f} ms\n")  # fmt: skip

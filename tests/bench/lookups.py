"""B14: a point's grid and a matter's unit in a city of 15,238 grids and 5,000 competences.

Beside them what is the least they could cost: whether one known polygon covers a point, and as many
look-ups in a dict as a decision makes.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from shapely import Point, Polygon, prepare

from backbone.directory.grids import GridIndex
from backbone.words.areas import Level
from backbone.words.city import City, Competence
from backbone.words.competence import competent_unit
from services.directory.generator import LARGE, generate
from services.directory.pack import read_pack
from tests.bench.figures import Figure
from tests.bench.plan import Plan

RULES = Path("deploy/city/demo")
CALLS = 5_000
COMPETENCES = 5_000
LOOK_UPS = 24  # four prefixes of a category, each at five areas and for everywhere


async def measure(plan: Plan) -> list[Figure]:
    polygon = Figure("B14", "one known polygon", "µs")
    look_ups = Figure("B14", f"{LOOK_UPS} look-ups in a dict", "µs")
    grid = Figure("B14", "point → grid, 15,238 grids", "µs", gate=1_000, limit=polygon)
    unit = Figure("B14", "routing decision, 5,000 competences", "µs", gate=50, limit=look_ups)
    calls = calls_of(a_large_city(Random(14)), Random(15))
    for is_warm in plan.rounds():
        for figure, call in zip((grid, unit, polygon, look_ups), calls, strict=True):
            taken = microseconds(call)
            if is_warm:
                figure.runs.append(taken)
    return [grid, unit, polygon, look_ups]


def calls_of(city: City, random: Random) -> tuple[Callable[[int], object], ...]:
    """What is measured, each as a call that is given its number."""
    (west, south), (east, north) = city.head.south_west, city.head.north_east
    points = [(random.uniform(west, east), random.uniform(south, north)) for _ in range(CALLS)]
    places, classes = random.choices(list(city.grids), k=CALLS), list(city.categories)
    index, known = GridIndex(city.grids.values()), Polygon(next(iter(city.grids.values())).rings[0])
    prepare(known)
    table = {(word, place): word for word in classes for place in places[:100]}

    def look_up(number: int) -> None:
        for step in range(LOOK_UPS):
            table.get((classes[step], places[number]))

    return (
        lambda number: index.locate(*points[number]),
        lambda number: competent_unit(city, classes[number % len(classes)], places[number]),
        lambda number: known.covers(Point(*points[number])),
        look_up,
    )


def microseconds(call: Callable[[int], object]) -> float:
    """Of one call, by the processor's time: what others do on this machine does not count."""
    started = time.process_time()
    for number in range(CALLS):
        call(number)
    return (time.process_time() - started) / CALLS * 1e6


def a_large_city(random: Random) -> City:
    """With rows for single places, as a city writes that has rearranged its offices."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), RULES, LARGE)
        city = read_pack(Path(folder)).city
    rows = dict(city.competences)
    categories, areas = list(city.categories), [code for code in city.areas if len(code) > 6]
    while len(rows) < COMPETENCES:
        category, area = random.choice(categories), random.choice(areas)
        code = f"row {len(rows)}"
        rows[code] = Competence(code, category, "township", "", Level.UNSPECIFIED, area, "")
    return replace(city, competences=rows)

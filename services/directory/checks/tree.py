"""Checks areas and units: each forms one tree."""

from collections.abc import Iterator

from backbone.words.areas import Level, level_of, parent_of
from backbone.words.city import Unit
from services.directory.flaws import Finding, Severity, Spot
from services.directory.pack import Pack


def check_tree(pack: Pack) -> Iterator[Finding]:
    """Check codes, parents and cycles."""
    yield from _city(pack)
    yield from _areas(pack)
    for unit in pack.city.units.values():
        yield from _unit(pack, unit)


def _city(pack: Pack) -> Iterator[Finding]:
    code = pack.city.head.code
    if level_of(code) is not Level.CITY:
        detail = "a city has six digits that end with 00"
        yield Finding(Severity.ERROR, "CITY_CODE_WRONG", Spot("city.yaml"), code, detail)


def _areas(pack: Pack) -> Iterator[Finding]:
    areas, city = pack.city.areas, pack.city.head.code
    if city not in areas:
        detail = "the city itself is missing"
        yield Finding(Severity.ERROR, "AREA_MISSING", Spot("areas.csv"), city, detail)
    for code in areas:
        if level_of(code) in (Level.UNSPECIFIED, Level.GRID):
            detail = "a county has 6 digits, a township 9, a village 12"
            yield pack.wrong(f"area/{code}", "AREA_CODE_WRONG", detail)
        elif code != city and parent_of(code) not in areas:
            detail = f"the area above it, {parent_of(code)}, is missing"
            yield pack.wrong(f"area/{code}", "AREA_PARENT_MISSING", detail)


def _unit(pack: Pack, unit: Unit) -> Iterator[Finding]:
    key, units = f"unit/{unit.code}", pack.city.units
    if unit.area not in pack.city.areas:
        yield pack.wrong(key, "UNIT_AREA_MISSING", f"there is no area {unit.area}")
    if unit.kind not in pack.unit_kinds:
        yield pack.wrong(key, "UNIT_KIND_UNKNOWN", f"city.yaml has no kind {unit.kind}")
    stem = f"{unit.area}-{unit.kind}"
    if unit.code != stem and not unit.code.startswith(f"{stem}-"):
        yield pack.wrong(key, "UNIT_CODE_WRONG", f"it must be {stem}, or begin with {stem}-")
    if unit.parent and unit.parent not in units:
        yield pack.wrong(key, "UNIT_PARENT_MISSING", f"there is no unit {unit.parent}")
    elif _goes_in_a_circle(pack, unit):
        yield pack.wrong(key, "UNIT_CYCLE", f"its superiors lead back to it: {unit.parent}")


def _goes_in_a_circle(pack: Pack, unit: Unit) -> bool:
    above = pack.city.superiors(unit.code)
    return bool(above) and (unit.code in above or pack.city.units[above[-1]].parent in above)

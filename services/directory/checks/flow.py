"""Checks the flow: categories have owners everywhere, routes end at staffed units, clocks run."""

from collections.abc import Iterator
from dataclasses import fields

from backbone.words.areas import Level, level_of
from backbone.words.city import City, Competence
from backbone.words.competence import competent_unit, prefixes
from backbone.words.place import contains
from backbone.words.policy import Policy, Route
from services.directory.flaws import Finding, Severity, Spot
from services.directory.pack import Pack
from services.directory.rules import HANDLING_TABLES, PRIORITIES, ROLE_LISTS, SOURCES

# The rows of a policy that are no figures.
NO_FIGURES = ("routes", "supervision_answer", "caller_in_order", "accused_team")
WORKERS = frozenset({"clerk", "head", "mediator", "call_taker", "care_worker"})
"""Roles that can claim a matter from the pool of their unit."""


def check_flow(pack: Pack) -> Iterator[Finding]:
    """Check categories, competences, owners, routes, clocks and the calendar."""
    yield from _categories(pack)
    for row in pack.city.competences.values():
        yield from _competence(pack, row)
    targets = _route_targets(pack.city)
    yield from _owners(pack, targets)
    yield from _dead_ends(pack, targets)
    yield from _reach(pack, targets)
    if pack.city.policy is not None:
        yield from _routes(pack, pack.city.policy)
        yield from _clocks(pack, pack.city.policy)
    yield from _dangers(pack)
    yield from _neighbours(pack)
    if not pack.city.calendar.notices:
        spot, detail = Spot("calendar.yaml"), "no year is announced: weekends alone are left out"
        yield Finding(Severity.WARNING, "CALENDAR_MISSING", spot, "calendar", detail)


def _categories(pack: Pack) -> Iterator[Finding]:
    for category in pack.city.categories.values():
        key = f"category/{category.code}"
        above = category.code.rpartition(".")[0]
        if above and above not in pack.city.categories:
            yield pack.wrong(key, "CATEGORY_PARENT_MISSING", f"there is no category {above}")
        if category.default_priority not in PRIORITIES:
            detail = f"{category.default_priority!r} is none of {', '.join(PRIORITIES)}"
            yield pack.wrong(key, "PRIORITY_UNKNOWN", detail)


def _neighbours(pack: Pack) -> Iterator[Finding]:
    for code in pack.city.neighbours:
        if code in pack.city.units or contains(pack.city.head.code, code):
            detail = "a neighbour is neither a unit nor an area of this city"
            yield Finding(Severity.ERROR, "NEIGHBOUR_WRONG", Spot("city.yaml"), code, detail)


def _dangers(pack: Pack) -> Iterator[Finding]:
    for number, danger in enumerate(pack.city.danger.dangers):
        if danger.category not in pack.city.categories:
            detail = f"there is no category {danger.category}"
            spot = pack.spot(f"danger/{number}")
            yield Finding(Severity.ERROR, "DANGER_CATEGORY_UNKNOWN", spot, danger.category, detail)


def _competence(pack: Pack, row: Competence) -> Iterator[Finding]:
    city, key = pack.city, f"competence/{row.code}"
    if row.category and row.category not in city.categories:
        yield pack.wrong(key, "COMPETENCE_CATEGORY_UNKNOWN", f"no category {row.category}")
    if bool(row.unit) == bool(row.unit_kind):
        yield pack.wrong(key, "COMPETENCE_AMBIGUOUS", "name a unit or a kind of unit, not both")
    if row.unit and row.unit not in city.units:
        yield pack.wrong(key, "COMPETENCE_UNIT_UNKNOWN", f"there is no unit {row.unit}")
    if row.unit_kind and not any(unit.kind == row.unit_kind for unit in city.units.values()):
        yield pack.wrong(key, "COMPETENCE_KIND_UNKNOWN", f"no unit is a {row.unit_kind}")
    if row.area and level_of(row.area) is Level.UNSPECIFIED:
        yield pack.wrong(key, "COMPETENCE_AREA_UNKNOWN", f"{row.area} is no code of an area")


def _places(city: City) -> list[str]:
    """Every area where competence may differ from that of the area above it."""
    kinds = {row.unit_kind for row in city.competences.values()}
    telling = {unit.area for unit in city.units.values() if unit.kind in kinds}
    telling |= {row.area for row in city.competences.values()}
    named = (city.units.get(row.unit) for row in city.competences.values())
    telling |= {unit.area for unit in named if unit is not None}
    return [
        code for code, area in city.areas.items() if area.level <= Level.COUNTY or code in telling
    ]


def _route_targets(city: City) -> dict[str, set[str]]:
    """The units that rows of the routing table name, each with those rows."""
    targets: dict[str, set[str]] = {}
    for route in city.policy.routes if city.policy else ():
        for unit in city.units.values():
            if _names(route, unit.code, unit.kind, unit.level):
                targets.setdefault(unit.code, set()).add(f"route {route.code}")
    return targets


def _names(route: Route, unit: str, kind: str, level: Level) -> bool:
    if route.target == "UNIT":
        return route.unit == unit
    fits = route.level in (Level.UNSPECIFIED, level)
    return route.target == "UNIT_KIND" and route.unit_kind == kind and fits


def _owners(pack: Pack, targets: dict[str, set[str]]) -> Iterator[Finding]:
    """Check that every category has an owner everywhere; adds the owners to `targets`."""
    city, places = pack.city, _places(pack.city)
    for category in city.categories:
        orphaned = []
        for place in places:
            candidates = competent_unit(city, category, place)
            if candidates:
                targets.setdefault(candidates[0].unit.code, set()).add(category)
            else:
                orphaned.append(place)
        if orphaned and not _has_route(city, category):
            detail = f"no unit is competent in {len(orphaned)} areas, first in {orphaned[0]}"
            yield pack.wrong(f"category/{category}", "CATEGORY_WITHOUT_OWNER", detail)


def _dead_ends(pack: Pack, targets: dict[str, set[str]]) -> Iterator[Finding]:
    people = pack.city.people.values()
    staffed = {person.unit for person in people if WORKERS.intersection(person.roles)}
    for unit in sorted(targets.keys() - staffed):
        detail = f"matters arrive ({min(targets[unit])}), but no person there can claim them"
        yield pack.wrong(f"unit/{unit}", "DEAD_END", detail)


def _has_route(city: City, category: str) -> bool:
    """Whether a row of the routing table decides the category before its competence does."""
    for route in city.policy.routes if city.policy else ():
        if route.target == "COMPETENT":
            return False
        takes = not route.categories or set(route.categories) & set(prefixes(category))
        unconditional = not route.priorities and not route.sources
        if route.target in ("UNIT", "UNIT_KIND") and unconditional and takes:
            return True
    return False


def _reach(pack: Pack, targets: dict[str, set[str]]) -> Iterator[Finding]:
    """Check that each unit is reached: by a route, by a raised question or by an assignment."""
    city = pack.city
    reached = {above for unit in targets for above in (unit, *city.superiors(unit))}
    for unit in city.units.values():
        if not reached & {unit.code, *city.superiors(unit.code)}:
            spot, detail = pack.spot(f"unit/{unit.code}"), "no route leads to it or above it"
            yield Finding(Severity.WARNING, "UNIT_UNREACHABLE", spot, unit.code, detail)


def _routes(pack: Pack, policy: Policy) -> Iterator[Finding]:
    seen: set[str] = set()
    final = ""
    for route in policy.routes:
        key = f"route/{route.code}"
        if route.code in seen:
            yield pack.wrong(key, "DUPLICATE", "two rows have this code")
        seen.add(route.code)
        if final:
            yield pack.wrong(key, "ROUTE_UNREACHABLE", f"row {final} above takes everything")
        if route.target in ("TRIAGE", "UNIT") and not _conditions(route):
            final = route.code
        yield from _target(pack, route)
        for category in route.categories:
            if category not in pack.city.categories:
                yield pack.wrong(key, "ROUTE_CATEGORY_UNKNOWN", f"no category {category}")


def _conditions(route: Route) -> bool:
    return bool(route.categories or route.priorities or route.sources)


def _target(pack: Pack, route: Route) -> Iterator[Finding]:
    if route.target not in ("UNIT", "UNIT_KIND"):
        return
    units = pack.city.units.values()
    if not any(_names(route, unit.code, unit.kind, unit.level) for unit in units):
        what = route.unit or f"{route.unit_kind} at level {route.level.name}"
        yield pack.wrong(f"route/{route.code}", "ROUTE_DEAD_END", f"there is no {what}")


def _clocks(pack: Pack, policy: Policy) -> Iterator[Finding]:
    for priority in PRIORITIES:
        if priority not in policy.sign_in_minutes:
            spot, detail = pack.spot("clock/sign_in_minutes"), f"{priority} has no clock"
            yield Finding(Severity.ERROR, "CLOCK_MISSING", spot, "sign_in_minutes", detail)
    yield from _handling(pack, policy)
    for clock in fields(Policy):
        if clock.name in (*NO_FIGURES, *ROLE_LISTS):
            continue
        value = getattr(policy, clock.name)
        numbers = value.values() if isinstance(value, dict) else value
        for number in (numbers,) if isinstance(numbers, int) else numbers:
            if number <= 0:
                detail = f"{number} is not more than nothing"
                yield pack.wrong(f"clock/{clock.name}", "CLOCK_NOT_POSITIVE", detail)


def _handling(pack: Pack, policy: Policy) -> Iterator[Finding]:
    """An empty table would be taken for that of an older pack, whose defaults serve."""
    for name in HANDLING_TABLES:
        minutes = getattr(policy, name)
        if not minutes:
            yield pack.wrong(f"clock/{name}", "CLOCK_MISSING", "the table is empty")
        for key in minutes:
            if not _is_known(key):
                detail = f"{key!r} is no priority, no source and no <source>.<priority>"
                yield pack.wrong(f"clock/{name}", "CLOCK_KEY_UNKNOWN", detail)


def _is_known(key: str) -> bool:
    source, dot, priority = key.partition(".")
    if dot:
        return source in SOURCES and priority in PRIORITIES
    return source in SOURCES or source in PRIORITIES

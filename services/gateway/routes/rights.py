"""The routes against the rights: each RPC has a row; routes that share it admit its roles."""

from collections.abc import Iterable, Iterator

from backbone.words.rights import RIGHTS
from services.gateway.routes.route import Area


def require_rows(areas: Iterable[Area]) -> None:
    """Raises ValueError, at start, for an RPC without a row and for routes that differ from it."""
    flaws = [flaw for area in areas for flaw in _flaws_of(area)]
    if flaws:
        raise ValueError(f"backbone/words/rights.py and the routes differ: {'; '.join(flaws)}")


def _flaws_of(area: Area) -> Iterator[str]:
    rows = RIGHTS.get(area.contract.name, {})
    for method in area.contract.methods:
        name, right = f"{area.contract.name}.{method.name}", rows.get(method.name)
        admitted = [route.roles for route in area.routes if route.rpc == method.name]
        if right is None:
            yield f"{name} has no row"
        elif admitted and right.is_inside:
            yield f"{name} has a route, and services alone call it"
        elif admitted and frozenset().union(*admitted) != right.roles:
            differing = sorted(frozenset().union(*admitted) ^ right.roles)
            yield f"{name} is admitted for other roles: {', '.join(differing)}"
        elif not admitted and not right.is_inside and right.roles:
            yield f"{name} has a row and no route"

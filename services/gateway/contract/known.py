"""Filters that name what the city has: its units, areas, categories, teams, people.

A list is asked first: data may hold a code that the city pack has no more, such as that of a closed
unit, and then the filter finds it. A code that the city does not know and that finds nothing is a
mistake, and refused. Of several codes of one filter each is refused by itself: what the others find
says nothing of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor

from backbone.words.errors import LISTED, Flaw
from services.gateway.contract.codes import as_code
from services.gateway.contract.fields import PAGE_PLACE, field_at, items_of
from services.gateway.contract.naming import Names, kind_of

# The reason of an unknown code by what it names, and the fact that its sentence quotes.
UNKNOWN: Mapping[str, tuple[str, str]] = {
    "unit": ("UNKNOWN_UNIT", "unit"),
    "area": ("UNKNOWN_AREA", "area"),
    "category": ("UNKNOWN_CATEGORY", "category"),
    "team": ("UNKNOWN_TEAM", "team"),
    "person": ("UNKNOWN_USER", "user"),
}
# What a sentence can list in full.
LISTED_KINDS = ("unit_kind", "skill")


class KnownFilters:
    """The filters of one list that name what the city has; `query` maps parameters to fields."""

    def __init__(self, message: Descriptor, response: Descriptor, query: Mapping[str, str]) -> None:
        listed = items_of(response) is not None
        fields = {name: field_at(message, path) for name, path in query.items()} if listed else {}
        self.kinds = {name: kind for name, field in fields.items() if (kind := kind_of(field))}
        self.lists = frozenset(name for name in self.kinds if fields[name].is_repeated)

    @property
    def reasons(self) -> frozenset[str]:
        """The reasons for which one of them can be refused."""
        return frozenset(
            UNKNOWN.get(kind, ("UNKNOWN_VALUE", ""))[0] for kind in self.kinds.values()
        )

    def flaws(self, texts: Mapping[str, Any], names: Names, *, found: bool = False) -> list[Flaw]:
        """The parameters, by their texts, that found nothing as the city does not know the code;
        where the list has `found` something, those of several codes."""
        if texts.get(PAGE_PLACE):  # a page before it has found something
            return []
        return [
            _flaw(where, self.kinds[name], code, names)
            for name, text in texts.items()
            if name in (self.lists if found else self.kinds)
            for where, code in _codes(name, text)
            if not names.knows(self.kinds[name], code)
        ]


def _codes(name: str, text: str | Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The codes with their places; a list has its texts by index."""
    if isinstance(text, str):
        yield name, as_code(text)
    else:
        yield from ((f"{name}[{index}]", as_code(code)) for index, code in text.items())


def _flaw(where: str, kind: str, code: str, names: Names) -> Flaw:
    if kind in LISTED_KINDS:
        return Flaw(where, "UNKNOWN_VALUE", {LISTED: ", ".join(names.all_of(kind))})
    reason, fact = UNKNOWN[kind]
    return Flaw(where, reason, {fact: code})

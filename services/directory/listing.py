"""Pages of a list in the order of the codes: the token of a page is the last code before it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

SIZE = 100
LARGEST = 1_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the items, the token for the next ones, and how many there are where asked."""

    items: list[T]
    next_token: str
    total: int | None


def page(
    items: Mapping[str, T], fits: Callable[[T], bool], size: int, token: str, *, count: bool
) -> Page[T]:
    """Return the items that fit and come after the token."""
    size = min(size, LARGEST) if size > 0 else SIZE
    codes = sorted(code for code, item in items.items() if fits(item))
    after = [code for code in codes if code > token]
    shown = after[:size]
    next_token = shown[-1] if len(after) > size else ""
    return Page([items[code] for code in shown], next_token, len(codes) if count else None)

"""Pages of a list in the order of the codes: the token of a page holds the last code before it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from backbone.postgres.paging import read_token, scope_of, sign_token

T = TypeVar("T")

SIZE = 100
LARGEST = 1_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the items, the token for the next ones, and how many there are where asked."""

    items: list[T]
    next_token: str
    total: int | None


def page(items: Mapping[str, T], fits: Callable[[T], bool], request: Any, key: bytes) -> Page[T]:
    """Return the items that fit and come after the request's token, which `key` has signed.

    Raises InvalidArgument for another token. The item before the page need not be there any more:
    the city may have changed between two pages.
    """
    size, scope = min(request.page_size, LARGEST) or SIZE, scope_of(request)
    codes = sorted(code for code, item in items.items() if fits(item))
    last = read_token(key, scope, request.page_token, str) or ""
    after = [code for code in codes if code > last]
    shown = after[:size]
    next_token = sign_token(key, scope, shown[-1]) if len(after) > size else ""
    total = len(codes) if request.count else None
    return Page([items[code] for code in shown], next_token, total)

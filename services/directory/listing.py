"""Pages of a list in the order of codes; a page token holds the last code of the page before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from backbone.postgres.paging import read_token, scope_of, sign_token

T = TypeVar("T")

SIZE = 100
LARGEST = 1_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The items of a page, the token for the next page, and the total if asked for."""

    items: list[T]
    next_token: str
    total: int | None


def page(items: Mapping[str, T], fits: Callable[[T], bool], request: Any, key: bytes) -> Page[T]:
    """Return the matching items after the request's token, which is signed with `key`.

    Raises InvalidArgument for a forged token. The city may change between two pages; the code in
    the token need not exist any more.
    """
    size, scope = min(request.page_size, LARGEST) or SIZE, scope_of(request)
    codes = sorted(code for code, item in items.items() if fits(item))
    last = read_token(key, scope, request.page_token, str) or ""
    after = [code for code in codes if code > last]
    shown = after[:size]
    next_token = sign_token(key, scope, shown[-1]) if len(after) > size else ""
    total = len(codes) if request.count else None
    return Page([items[code] for code in shown], next_token, total)

"""Pages of a list in the order of the codes: the token of a page holds the last code before it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from backbone.words.errors import InvalidArgument

T = TypeVar("T")

SIZE = 100
LARGEST = 1_000
# Of whatever else somebody may send as a token, nothing begins with it.
MARK = "after "


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of the items, the token for the next ones, and how many there are where asked."""

    items: list[T]
    next_token: str
    total: int | None


def page(
    items: Mapping[str, T], fits: Callable[[T], bool], size: int, token: str, *, count: bool
) -> Page[T]:
    """Return the items that fit and come after the token. Raises InvalidArgument."""
    size = min(size, LARGEST) if size > 0 else SIZE
    codes = sorted(code for code, item in items.items() if fits(item))
    last = _code_in(token) if token else ""
    after = [code for code in codes if code > last]
    shown = after[:size]
    next_token = _token_of(shown[-1]) if len(after) > size else ""
    return Page([items[code] for code in shown], next_token, len(codes) if count else None)


def _token_of(code: str) -> str:
    return urlsafe_b64encode(f"{MARK}{code}".encode()).decode()


def _code_in(token: str) -> str:
    """The code need not be there any more: the city may have changed between two pages."""
    try:
        text = urlsafe_b64decode(token).decode()
    except ValueError as error:
        raise InvalidArgument("BAD_PAGE_TOKEN") from error
    if not text.startswith(MARK):
        raise InvalidArgument("BAD_PAGE_TOKEN")
    return text.removeprefix(MARK)

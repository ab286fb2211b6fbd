"""Pages of lists, the latest first: filters, the size, and the token where the next begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from backbone.wire import name_of
from backbone.words.errors import InvalidArgument

USUAL = 50
MOST = 200


def size_of(asked: int) -> int:
    """How many items a page has: as many as asked for, within reason."""
    return min(asked, MOST) if asked > 0 else USUAL


def filters_of(request: Any, names: tuple[str, ...]) -> list[Any]:
    """The fields of a list's request as the table has them; what nobody asked for stays empty."""
    known = request.DESCRIPTOR.fields_by_name
    asked = [(known[name], getattr(request, name)) for name in names]
    return [value if field.enum_type is None else name_of(field, value) for field, value in asked]


def cut(rows: Sequence[Any], size: int) -> tuple[list[Any], str]:
    """The page out of one row more than it holds, and the token of the next, empty at the end.

    The rows have the columns `register_time` and `id`.
    """
    found = list(rows[:size])
    if len(rows) == len(found):
        return found, ""
    return found, token_of(found[-1]["register_time"], found[-1]["id"])


def token_of(time: datetime, key: UUID) -> str:
    """The token of the page that begins after this item; items are sorted by time and key."""
    return urlsafe_b64encode(f"{time.isoformat()} {key}".encode()).decode()


def after(token: str) -> tuple[datetime, UUID] | None:
    """The item that the page begins after, None for the first page. Raises InvalidArgument."""
    if not token:
        return None
    try:
        time, _, key = urlsafe_b64decode(token).decode().partition(" ")
        return datetime.fromisoformat(time), UUID(key)
    except ValueError as error:
        raise InvalidArgument("BAD_PAGE_TOKEN") from error

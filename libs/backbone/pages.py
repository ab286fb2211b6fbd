"""Pages of lists: the size of one, and the token that says where the next begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from backbone.errors import InvalidArgument

USUAL = 50
MOST = 200


def size_of(asked: int) -> int:
    """How many items a page has: as many as asked for, within reason."""
    return min(asked, MOST) if asked > 0 else USUAL


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

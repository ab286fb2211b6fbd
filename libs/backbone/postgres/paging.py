"""Pages of lists: filters, sizes, and the token that says where the next page begins.

A token holds the place of the last item shown, and is signed with the key of the service over the
list and its filters: the service knows a token that comes back as its own, for this very list.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import msgspec
from google.protobuf.message import Message

from backbone.words.errors import InvalidArgument

USUAL = 50
MOST = 200
# The bytes of a signature: few, as a wrong token shows only what its sender may see anyway.
SIGNED = 12
# Parameters that ask for another page of the same list, and not for another list.
WINDOW = frozenset({"page_size", "page_token", "count"})


def sign_token(key: bytes, scope: bytes, place: Any) -> str:
    """The token of the page that begins after `place`: values that msgspec can write as JSON.

    `scope` names the list and its filters (`scope_of` for a request).
    """
    written = msgspec.json.encode(place)
    return urlsafe_b64encode(_signature(key, scope, written) + written).decode().rstrip("=")


def read_token(key: bytes, scope: bytes, token: str, kind: Any) -> Any:
    """The place that the token holds, of the type `kind`; None for an empty token. Raises
    InvalidArgument for a token of another list, of other filters, or that another has made."""
    if not token:
        return None
    try:
        given = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        if hmac.compare_digest(given[:SIGNED], _signature(key, scope, given[SIGNED:])):
            return msgspec.json.decode(given[SIGNED:], type=kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise InvalidArgument("BAD_PAGE_TOKEN") from error
    raise InvalidArgument("BAD_PAGE_TOKEN")


def scope_of(request: Message) -> bytes:
    """The list that a request asks for, with its filters and without its window."""
    asked = type(request)()
    asked.CopyFrom(request)
    for name in WINDOW.intersection(request.DESCRIPTOR.fields_by_name):
        asked.ClearField(name)
    listed = str(request.DESCRIPTOR.full_name).encode()
    return listed + b"\0" + asked.SerializeToString(deterministic=True)


def _signature(key: bytes, scope: bytes, written: bytes) -> bytes:
    signed = hmac.digest(key, b"page token\0" + sha256(scope).digest() + written, sha256)
    return signed[:SIGNED]


def size_of(asked: int) -> int:
    """How many items a page has: as many as asked for, within reason."""
    return min(asked, MOST) if asked > 0 else USUAL

"""A request: one command with the facts that the door needs to answer it exactly once."""

import hmac
from contextvars import ContextVar
from datetime import datetime
from hashlib import sha256
from typing import Generic, TypeVar
from uuid import UUID, uuid5

from google.protobuf.message import Message
from msgspec import Struct

from backbone.words.actor import Actor
from backbone.words.spans import without_seals

C = TypeVar("C")

# The request of this call, and its bytes as the caller wrote them, if the edge has sealed pieces of
# its texts since: which ones depends on whom the record knows, and that may change until a repeat.
WRITTEN: ContextVar[tuple[Message, bytes] | None] = ContextVar("written", default=None)
PRINCIPALS = UUID("6f1c7a52-9a0e-4d57-8a5e-2f0b0f6d3c11")


class Request(Struct, Generic[C], frozen=True):
    """One command for one aggregate.

    `call` tells this call from an earlier one with the same request id. `front` is the
    notification channel of the front that waits for the outcome, or empty; `cause` is the id of
    the event or receipt that caused the request, or empty. `sealed_hash` is the hash by which an
    earlier release knew the body, where that is another one.
    """

    request_id: UUID
    aggregate_id: UUID
    command: C
    body_hash: str
    actor: Actor
    deadline: datetime
    expected_version: int | None = None
    call: str = ""
    front: str = ""
    cause: str = ""
    traceparent: str = ""
    sealed_hash: str = ""


def request_id_of(principal: str, idempotency_key: str) -> UUID:
    """The request id of an idempotency key: the same over both roads, distinct per principal."""
    return uuid5(uuid5(PRINCIPALS, principal), idempotency_key)


def created_id(request_id: UUID, noun: str) -> UUID:
    """The id of the aggregate that a request creates: a repeat creates the same one."""
    return uuid5(request_id, noun)


def hash_of(body: Message, key: bytes) -> str:
    """The hash by which a repeated request is checked to have the same body.

    It is keyed with the service's key: trying all telephone numbers would reverse a plain hash.
    """
    return _hash(body, written(body), key)


def hashes_of(body: Message, key: bytes) -> tuple[str, str]:
    """The hash of the body as its caller wrote it, and as it is sealed, where pieces of it are."""
    known = WRITTEN.get()
    if known is None or known[0] is not body:
        return hash_of(body, key), ""
    return _hash(body, known[1], key), hash_of(body, key)


def written(body: Message) -> bytes:
    return body.SerializeToString(deterministic=True)


def _hash(body: Message, said: bytes, key: bytes) -> str:
    plain = sha256(body.DESCRIPTOR.name.encode() + without_seals(said)).hexdigest()
    return hmac.digest(key, plain.encode(), sha256).hex()


def key_of(some_id: UUID) -> int:
    """The advisory lock key of an id."""
    return int.from_bytes(some_id.bytes[-8:], signed=True)

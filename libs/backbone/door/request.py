"""A request: one command with everything the door must know to answer it once."""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Generic, TypeVar
from uuid import UUID, uuid5

from google.protobuf.message import Message
from msgspec import Struct

from backbone.words.actor import Actor

C = TypeVar("C")

PRINCIPALS = UUID("6f1c7a52-9a0e-4d57-8a5e-2f0b0f6d3c11")


class Request(Struct, Generic[C], frozen=True):
    """`call` tells this call from an earlier one with the same request id.

    `front` is the notification channel of whoever waits, empty when nobody does; `cause` is the
    event or receipt that caused the request, where one did.
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


def request_id_of(principal: str, idempotency_key: str) -> UUID:
    """The same key from the same principal is the same request, over any road."""
    return uuid5(uuid5(PRINCIPALS, principal), idempotency_key)


def created_id(request_id: UUID, noun: str) -> UUID:
    """The id of what the request creates: a repeated create is the same create."""
    return uuid5(request_id, noun)


def hash_of(body: Message, key: bytes) -> str:
    """The hash that tells whether a repeated request has the same body.

    It is keyed with the service's key: a plain hash of a telephone number can be found by trying.
    """
    name = body.DESCRIPTOR.name.encode()
    plain = sha256(name + body.SerializeToString(deterministic=True)).hexdigest()
    return hmac.digest(key, plain.encode(), sha256).hex()

"""The metadata of calls between services: actor, request id, deadline, token."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID, uuid4

from backbone.door.request import request_id_of
from backbone.process import clock, tracing
from backbone.rpc.rules import require_texts
from backbone.words.actor import Actor
from backbone.words.errors import Denied, InvalidArgument

PATIENCE = 5.0
# True while a service answers a repeated request with the outcome that it has stored.
REPEATED: ContextVar[bool] = ContextVar("repeated", default=False)
# The metadata fields that are texts, percent-encoded.
TEXTS = ("user", "unit", "role", "area", "line", "above", "team", "purpose", "address")
ACTOR = ("user", "unit", "role", "area", "line", "above")
LONGEST_PURPOSE = 200
# The largest bigint of Postgres.
LAST_VERSION = 2**63 - 1

Metadata = Sequence[tuple[str, str]]
# When the person pressed the key, in seconds since 1970: what a service calls meanwhile hears it.
PRESSED: ContextVar[str] = ContextVar("pressed", default="")
# The purpose of a disclosure as it is kept, with sealed spans: the edge sets it for each call.
PURPOSE: ContextVar[str] = ContextVar("purpose", default="")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its actor, request id, deadline, and the version that the caller saw.

    `call` is an id of this call alone: a repeat has the same `request_id` and another `call`.
    `address` is that of a caller without account. `pressed` is when the request reached the
    gateway, in seconds since 1970; 0 where no person waits.
    """

    actor: Actor
    request_id: UUID
    deadline: datetime
    expected_version: int | None = None
    team: str = ""
    purpose: str = ""
    traceparent: str = ""
    call: str = ""
    address: str = ""
    pressed: float = 0.0


def caller_of(context: Any) -> Call:
    """Read the metadata of a gRPC call. Raises InvalidArgument for a malformed field."""
    given = dict(context.invocation_metadata())
    said = {part: unquote(given.get(f"liandong-{part}", "")) for part in TEXTS}
    require_texts(said)
    PRESSED.set(given.get("liandong-pressed", ""))
    if len(said["purpose"]) > LONGEST_PURPOSE:
        facts = {"characters": len(said["purpose"]), "most": LONGEST_PURPOSE}
        raise InvalidArgument("TEXT_TOO_LONG", field="purpose", **facts)
    actor = Actor(*(said[part] for part in ACTOR))
    remaining = context.time_remaining()
    patience = PATIENCE if remaining is None else min(remaining, PATIENCE)
    return Call(
        actor=actor,
        request_id=_request_id(given, actor),
        deadline=clock.now() + timedelta(seconds=patience),
        expected_version=_expected_version(given.get("liandong-expected-version", "")),
        team=said["team"],
        purpose=PURPOSE.get() or said["purpose"],
        traceparent=tracing.traceparent(),
        call=uuid4().hex,
        address=said["address"],
        pressed=_pressed(),
    )


def _pressed() -> float:
    with suppress(ValueError):
        return float(PRESSED.get() or 0)
    return 0.0


def _expected_version(given: str) -> int | None:
    if not given:
        return None
    try:
        version = int(given)
    except ValueError as error:
        raise InvalidArgument("BAD_METADATA", field="If-Match") from error
    if not 0 <= version <= LAST_VERSION:
        raise InvalidArgument("BAD_METADATA", field="If-Match")
    return version


def _request_id(given: dict[str, str], actor: Actor) -> UUID:
    if "liandong-request-id" in given:
        try:
            return UUID(given["liandong-request-id"])
        except ValueError as error:
            raise InvalidArgument("BAD_METADATA", field="liandong-request-id") from error
    if key := given.get("idempotency-key"):
        principal = unquote(given.get("liandong-principal", "")) or actor.user
        return request_id_of(principal, unquote(key))
    return uuid4()


def metadata_for(token: str, actor: Actor, **more: str) -> list[tuple[str, str]]:
    """The metadata of an outgoing call; names in `more` lack the prefix and have `_` for `-`."""
    parts = {name: getattr(actor, name) for name in ACTOR}
    parts["pressed"] = PRESSED.get()
    parts |= {name.replace("_", "-"): value for name, value in more.items()}
    said = [(f"liandong-{name}", quote(value)) for name, value in parts.items() if value]
    return [("liandong-token", token), *said]


def require_token(metadata: Metadata, token: str) -> None:
    """Raises Denied if the metadata does not carry the token of this installation."""
    given = next((value for name, value in metadata if name == "liandong-token"), "")
    if not secrets.compare_digest(given, token):
        raise Denied("NOT_FROM_INSIDE")

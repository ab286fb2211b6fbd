"""Calls to other services: open channels, retries, and the refusals in their errors."""

import json
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from backbone.process.settings import SCHEMAS, Settings
from backbone.process.wires import Wires
from backbone.rpc.credentials import Channel, Options, RenewingChannel
from backbone.rpc.peers import NOT_TRUSTED
from backbone.rpc.refusing import STATUS
from backbone.rpc.signed import SigningChannel
from backbone.words.errors import (
    KINDS,
    Broken,
    Expired,
    Flaw,
    InvalidArgument,
    Refusal,
    Unavailable,
)
from liandong.input.v1 import flaws_pb2

# Where a service has several addresses, calls take turns among those that answer; one that is away
# is left out, and what did not reach it is tried at the next one.
# Retried by gRPC itself: calls that did not reach the server, or are idempotent by request id.
RETRIES = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}
OPTIONS = [
    ("grpc.service_config", json.dumps(RETRIES)),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Else a new channel inherits the failure of an older one to the same address, and its pause
    # before the next attempt.
    ("grpc.use_local_subchannel_pool", 1),
]
KIND_OF_STATUS = {code: kind for kind, code in STATUS.items()}


def open_channel(settings: Settings, service: str) -> SigningChannel:
    """A channel to another service; it connects at first use, and reconnects by itself."""
    channel = channel_to(service, settings.address_of(service), settings.wires)
    return SigningChannel(channel, settings.signatures, SCHEMAS[service])


def channel_to(service: str, address: str, wires: Wires | None, more: Options = ()) -> Channel:
    """The one way to another service: in the open, or by certificates that both sides show."""
    options = [*OPTIONS, *more]
    address = target_of(address)
    if wires is None:
        return grpc.aio.insecure_channel(address, options=options)
    return RenewingChannel(wires, service, address, options)


def has_several(address: str) -> bool:
    """Whether several instances may answer there."""
    return address.startswith("dns:") or "," in address


def target_of(address: str) -> str:
    """The address as gRPC wants it: several numeric ones are a scheme of their own."""
    return f"ipv4:{address}" if "," in address else address


def may_still_happen(error: grpc.aio.AioRpcError) -> bool:
    """Say whether the call may have taken effect, or still may: it got no definite answer.

    A connection that was opened with a certificate of before ends with its next call; the one after
    that shows the new certificate.
    """
    refusal = refusal_of(error)
    passing = refusal is None or isinstance(refusal, Unavailable | Expired | Broken)
    return passing or (refusal is not None and refusal.reason == NOT_TRUSTED)


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal | None:
    """The refusal that the other service sent, or None if the error is not one of its answers."""
    status: Any = rpc_status.from_call(error)  # type: ignore[arg-type]
    details = status.details if status else ()
    info, flaws = error_details_pb2.ErrorInfo(), flaws_pb2.Flaws()
    if not any(detail.Unpack(info) for detail in details) or info.domain != "liandong":
        return None
    kind = KIND_OF_STATUS.get(status.code, KINDS["Broken"])
    refusal = kind(info.reason, **dict(info.metadata))
    if isinstance(refusal, InvalidArgument) and any(detail.Unpack(flaws) for detail in details):
        refusal.flaws = [Flaw(each.field, each.reason, dict(each.facts)) for each in flaws.flaws]
    return refusal

"""Turns an error into the status that a caller hears: with reason, facts and flaws of fields."""

import logging
from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from backbone.postgres.pool import is_transient
from backbone.postgres.sealing import KeyMissing
from backbone.words.errors import (
    Broken,
    Conflict,
    Denied,
    Expired,
    Flaw,
    InvalidArgument,
    InvalidTransition,
    NotFound,
    Refusal,
    TooSlow,
    Unavailable,
    quoted,
)
from liandong.input.v1 import flaws_pb2

log = logging.getLogger(__name__)

STATUS: dict[type[Refusal], int] = {
    NotFound: code_pb2.NOT_FOUND,
    InvalidTransition: code_pb2.FAILED_PRECONDITION,
    InvalidArgument: code_pb2.INVALID_ARGUMENT,
    Denied: code_pb2.PERMISSION_DENIED,
    Conflict: code_pb2.ABORTED,
    Expired: code_pb2.DEADLINE_EXCEEDED,
    Broken: code_pb2.INTERNAL,
    TooSlow: code_pb2.RESOURCE_EXHAUSTED,  # channels do not repeat it by themselves
    Unavailable: code_pb2.UNAVAILABLE,
}
# The flaws of single fields: ten of them fit into one trailer.
LONGEST_QUOTE = 60


async def abort(context: Any, error: Exception) -> None:
    """End the call with the status of the error."""
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, NotImplementedError):  # raised by what protoc generates
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")
    await _refuse(context, refusal_for(error))


def refused(error: Exception) -> Exception:
    """The refusal that answers the error, or the error itself where a status of gRPC does."""
    if isinstance(error, (grpc.aio.AbortError, NotImplementedError)):
        return error
    return refusal_for(error)


def refusal_for(error: Exception) -> Refusal:
    """The refusal that answers an error. A bug is INTERNAL and logged, once, here."""
    if isinstance(error, Refusal):
        return error
    if is_transient(error) or isinstance(error, grpc.aio.AioRpcError):
        log.warning("call.unknown", extra={"error": repr(error)})
        return Unavailable("UNKNOWN_REPEAT")
    if isinstance(error, KeyMissing):
        log.error("seal.key_missing", extra={"key": error.key, "field": error.field})
        return Unavailable("SEAL_KEY_MISSING")
    log.exception("call.broken", exc_info=error)
    return Broken("INTERNAL")


async def _refuse(context: Any, refusal: Refusal) -> None:
    status = rpc_status.to_status(status_of(refusal))
    # Aborting replaces the trailers set before: the road, and whether it is a repeat.
    said = tuple(context.trailing_metadata() or ())
    await context.abort(status.code, status.details, (*said, *status.trailing_metadata))


def status_of(refusal: Refusal) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(
        reason=refusal.reason, domain="liandong", metadata=refusal.facts
    )
    details: list[Message] = [info]
    if isinstance(refusal, InvalidArgument) and (flaws := _flaws_of(refusal)):
        details.append(flaws_pb2.Flaws(flaws=map(_told, flaws)))
    status = status_pb2.Status(code=STATUS[type(refusal)], message=refusal.reason)
    for detail in details:
        status.details.add().Pack(detail)
    return status


def _flaws_of(refusal: InvalidArgument) -> Sequence[Flaw]:
    """A rule of a domain names its field among its facts."""
    field = refusal.facts.get("field")
    return refusal.flaws or ([Flaw(field, refusal.reason, refusal.facts)] if field else [])


def _told(flaw: Flaw) -> flaws_pb2.Flaw:
    facts = quoted(flaw.facts, LONGEST_QUOTE)
    return flaws_pb2.Flaw(field=flaw.field, reason=flaw.reason, facts=facts)

"""Translates a service's gRPC status into HTTP; reasons and facts are passed on as they are."""

import grpc

from backbone.rpc.channels import refusal_of
from backbone.words.errors import EVIDENCE_BROKEN, Flaw, InvalidArgument, Refusal
from services.gateway.http.problems import Problem

Code = grpc.StatusCode

STATUS: dict[grpc.StatusCode, int] = {
    Code.NOT_FOUND: 404,
    Code.FAILED_PRECONDITION: 409,
    Code.ALREADY_EXISTS: 409,
    Code.INVALID_ARGUMENT: 422,
    Code.OUT_OF_RANGE: 422,
    Code.PERMISSION_DENIED: 403,
    Code.ABORTED: 409,
    Code.RESOURCE_EXHAUSTED: 503,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 503,
    Code.CANCELLED: 503,
}
# Aborted calls say by their reason which of two promises was broken.
ABORTED = {"STALE_VERSION": 412, "IDEMPOTENCY_KEY_REUSED": 422}
# A request that cannot be read at all has these.
UNREADABLE = ("NUL_CHARACTER", "CONTROL_CHARACTER", "OUT_OF_RANGE")
# Refused by a count, not for good: the fact `seconds` says when to come again.
LIMITED = ("TRACKING_LOCKED",)
# A failure that its caller must know of: the record is not shown.
TOLD = (EVIDENCE_BROKEN,)
UNKNOWN = "UNKNOWN_REPEAT"
EXPIRED = "EXPIRED"
AWAY = "SERVICE_AWAY"
# The member that says with which Idempotency-Key a write is repeated: SAME_KEY or NEW_KEY.
REPEAT = "repeat_with"
RETRY_AFTER = "1"


def problem_of(error: grpc.aio.AioRpcError, *, is_write: bool = True) -> Problem:
    """The problem of a refusal; of an unexpected failure the caller learns only that it failed."""
    code = error.code()
    status = STATUS.get(code, 500)
    info = refusal_of(error)
    if code is Code.RESOURCE_EXHAUSTED and info is not None:
        return Problem(503, info.reason, info.facts)  # a repeat would be as slow
    if status == 503:
        return away(info.reason if info else UNKNOWN, is_write=is_write)
    if status == 501:
        return Problem(501, "NOT_IMPLEMENTED")
    if status == 500 or info is None:
        return _failed(info)
    if code is Code.ABORTED:
        status = ABORTED.get(info.reason, status)
    if info.reason in LIMITED:
        headers = {"Retry-After": str(info.facts["seconds"])}
        return Problem(429, info.reason, info.facts, headers=headers)
    if info.reason in UNREADABLE:
        status = 400
    return Problem(status, info.reason, info.facts, flaws_of(info))


def _failed(info: Refusal | None) -> Problem:
    if info is not None and info.reason in TOLD:
        return Problem(500, info.reason, info.facts)
    return Problem(500, "INTERNAL")


def away(reason: str, *, is_write: bool) -> Problem:
    """A read has no outcome that could be unknown; of a write the answer says the key of a repeat.

    Clients repeat what has a Retry-After by themselves, with the same key: that would get the
    stored answer EXPIRED for ever.
    """
    if not is_write:
        said = AWAY if reason == UNKNOWN else reason
        return Problem(503, said, headers={"Retry-After": RETRY_AFTER})
    if reason == EXPIRED:
        return Problem(503, reason, {REPEAT: "NEW_KEY"})
    return Problem(503, reason, {REPEAT: "SAME_KEY"}, headers={"Retry-After": RETRY_AFTER})


def flaws_of(refusal: Refusal) -> list[Flaw]:
    """The flaws of single fields: those that the edge found, or the one field that a fact names."""
    if isinstance(refusal, InvalidArgument) and refusal.flaws:
        return list(refusal.flaws)
    field = refusal.facts.get("field")
    return [Flaw(field, refusal.reason, refusal.facts)] if field else []


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The stable reason of a refusal, or nothing."""
    info = refusal_of(error)
    return info.reason if info else ""

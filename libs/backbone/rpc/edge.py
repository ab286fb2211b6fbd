"""gRPC edge of all services: token, rules of requests, metrics, refusals as status codes."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from backbone.postgres.pool import is_transient
from backbone.postgres.sealing import KeyMissing
from backbone.process.logs import bound
from backbone.process.metrics import CALL_SECONDS
from backbone.rpc.caller import require_token
from backbone.rpc.finishing import finishing
from backbone.rpc.peers import peer_of, require_right
from backbone.rpc.rules import require_rules
from backbone.rpc.signed import Admit
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
    quotable,
)
from liandong.input.v1 import flaws_pb2

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

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
# Few kinds, so that each may have many buckets; what a command became is counted by its name.
READS = ("Get", "List", "Find", "Look", "Track", "Count")
OPEN_TO_ALL = ("/grpc.health.", "/grpc.reflection.")


class Edge(grpc.aio.ServerInterceptor):
    """Lets in calls with the token that a service has signed and that keep to the rules of the
    request; aborts with status and ErrorInfo of the raised Refusal.

    Its handlers take the bytes of the request: they are what is signed. `known`: every caller shows
    a certificate, and may call the methods that callers.yaml gives to the service that it names.
    """

    def __init__(self, token: str, admit: Admit, *, known: bool = False) -> None:
        self._token = token
        self.admit = admit
        self._known = known

    def peer_of(self, context: Any) -> str:
        """The service that calls; empty in a city without certificates. Raises Denied."""
        return peer_of(context) if self._known else ""

    def require_right(self, peer: str, method: str) -> None:
        """Raises Denied if the service that calls has no business with the method."""
        if self._known:
            require_right(peer, method)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["Handler | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith(OPEN_TO_ALL):
            return handler
        method = handler_call_details.method
        if handler.unary_unary is not None:
            unary = self._unary(method, handler)
            return grpc.unary_unary_rpc_method_handler(unary, None, handler.response_serializer)
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._shared(handler.stream_stream))
        stream = self._stream(method, handler)
        return grpc.unary_stream_rpc_method_handler(stream, None, handler.response_serializer)

    def guarded(self, name: str, handler: "Handler") -> "Handler":
        """The handler of a unary method for calls that share a stream, which has shown the token.

        It raises what the method raises.
        """
        return grpc.unary_unary_rpc_method_handler(
            self._checked(name, handler.unary_unary),
            handler.request_deserializer,
            handler.response_serializer,
        )

    @staticmethod
    def _checked(name: str, method: Any) -> Any:
        seconds = CALL_SECONDS.labels("read" if name.startswith(READS) else "command")

        async def checked(request: Any, context: Any) -> Any:
            started = time.perf_counter()
            try:
                require_rules(request)
                with bound(method=name):
                    return await method(request, context)
            finally:
                seconds.observe(time.perf_counter() - started)

        return checked

    def _admitted(self, method: str, handler: "Handler", body: bytes, context: Any) -> Any:
        """The request, if its call comes from a service and can be read. Raises a Refusal."""
        metadata = context.invocation_metadata()
        require_token(metadata, self._token)
        self.require_right(self.peer_of(context), method)
        self.admit(method, metadata, body)
        return read_request(handler.request_deserializer, body)

    def _unary(self, method: str, handler: "Handler") -> Any:
        name = method.rpartition("/")[2]
        checked = self._checked(name, handler.unary_unary)

        async def unary(body: bytes, context: Any) -> Any:
            try:
                with finishing(name, context.invocation_metadata()):
                    try:
                        request = self._admitted(method, handler, body, context)
                        return await checked(request, context)
                    except Exception as error:
                        raise refused(error) from error
            except Exception as error:
                await abort(context, error)

        return unary

    def _stream(self, method: str, handler: "Handler") -> Any:
        perform: Any = handler.unary_stream
        name = method.rpartition("/")[2]

        async def stream(body: bytes, context: Any) -> Any:
            try:
                with finishing(name, context.invocation_metadata()):
                    request = self._admitted(method, handler, body, context)
                    require_rules(request)
                    async for part in perform(request, context):
                        yield part
            except Exception as error:
                await abort(context, error)

        return stream

    def _shared(self, method: Any) -> Any:
        async def shared(requests: Any, context: Any) -> None:
            try:
                require_token(context.invocation_metadata(), self._token)
                await method(requests, context)
            except Exception as error:
                await abort(context, error)

        return shared


def read_request(deserializer: Any, given: bytes) -> Any:
    """The request in these bytes. Raises InvalidArgument if they cannot be read."""
    try:
        return deserializer(given)
    except DecodeError as error:
        raise InvalidArgument("BAD_METADATA", field="request") from error


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
    facts = {name: quotable(fact)[:LONGEST_QUOTE] for name, fact in flaw.facts.items()}
    return flaws_pb2.Flaw(field=flaw.field, reason=flaw.reason, facts=facts)

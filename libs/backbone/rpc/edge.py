"""gRPC edge of all services: token, signature, rights, rules of requests, metrics."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias
from urllib.parse import unquote

import grpc
from google.protobuf.message import DecodeError

from backbone.process.logs import bound
from backbone.process.metrics import CALL_SECONDS, FORGED
from backbone.process.wires import Wires
from backbone.rpc.caller import PURPOSE, REPEATED, caller_of, require_token
from backbone.rpc.finishing import finishing
from backbone.rpc.free_texts import FreeTexts
from backbone.rpc.peers import NOT_TRUSTED, Trusted, peer_of, require_right, shown_by
from backbone.rpc.refusing import abort, refused
from backbone.rpc.rules import require_rules
from backbone.rpc.signed import HEADER, Admit
from backbone.words.errors import Denied, InvalidArgument

log = logging.getLogger(__name__)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
# The service that calls, and its certificate.
Peer: TypeAlias = tuple[str, bytes]

# Few kinds, so that each may have many buckets; what a command became is counted by its name.
READS = ("Get", "List", "Find", "Look", "Track", "Count")
OPEN_TO_ALL = ("/grpc.health.", "/grpc.reflection.")


class Edge(grpc.aio.ServerInterceptor):
    """Lets in calls with the token that a service has signed and that keep to the rules of the
    request; aborts with status and ErrorInfo of the raised Refusal.

    Its handlers take the bytes of the request: they are what is signed. With `wires` every caller
    shows a certificate that is good at the moment of each call, and may call the methods that
    callers.yaml gives to the service that it names.
    """

    def __init__(
        self,
        token: str,
        admit: Admit,
        *,
        name: str = "",
        wires: Wires | None = None,
        texts: FreeTexts | None = None,
    ) -> None:
        """`name` is that of the service; `texts` seals and shows the free texts of requests and
        answers."""
        self._token = token
        self._forged = FORGED.labels("call", name)
        self._seconds = {kind: CALL_SECONDS.labels(kind) for kind in ("read", "command")}
        self._texts = texts or FreeTexts(None)
        self.admit = admit
        self._trusted = Trusted(wires.ca) if wires else None

    def peer_of(self, context: Any) -> Peer:
        """The service that calls; empty in a city without certificates."""
        if self._trusted is None:
            return "", b""
        return peer_of(context), shown_by(context)

    async def until_lost(self, peer: Peer) -> None:
        """Wait until the certificate of the service is trusted no more: for ever without any."""
        if self._trusted is None:
            await asyncio.Event().wait()
        else:
            await self._trusted.until_lost(peer[1])

    @contextmanager
    def _while_trusted(self, context: Any) -> Iterator[None]:
        """End the stream of this task soon after its certificate, also one that is stuck in a
        write."""
        writing = asyncio.current_task()

        async def end() -> None:
            await self.until_lost(self.peer_of(context))
            if writing is not None:
                writing.cancel()
            with suppress(
                grpc.aio.AbortError
            ):  # cancelled alone, it would leave its client waiting
                await abort(context, Denied(NOT_TRUSTED))

        ending = asyncio.create_task(end()) if self._trusted else None
        try:
            yield
        finally:
            if ending is not None:
                ending.cancel()

    def require_right(self, peer: Peer, method: str) -> None:
        """Raises Denied if the service that calls has no business with the method, or shows a
        certificate that is not trusted any more."""
        if self._trusted is not None:
            service, shown = peer
            self._trusted.require(shown)
            require_right(service, method)

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

    def _checked(self, name: str, method: Any) -> Any:
        seconds = self._seconds["read" if name.startswith(READS) else "command"]
        texts = self._texts

        async def checked(request: Any, context: Any) -> Any:
            started = time.perf_counter()
            try:
                require_rules(request)
                with bound(method=name):
                    sender, role = reader_of(context)
                    await texts.seal(request, sender)
                    PURPOSE.set(await texts.sealed(purpose_in(context), request))
                    REPEATED.set(False)
                    answer = await method(request, context)
                    since = await texts.kept_by_now(request) if REPEATED.get() else ()
                    if texts.beside:
                        await texts.complete(answer, sender, caller_of(context).actor)
                texts.show(answer, sender, role, since)
                return answer
            finally:
                seconds.observe(time.perf_counter() - started)

        return checked

    def _require_token(self, method: str, metadata: Any) -> None:
        """Raises Denied, with an alarm, for a call from outside of this installation."""
        try:
            require_token(metadata, self._token)
        except Denied:
            self._forged.inc()
            log.error("call.forged", extra={"method": method, "wrong": "another token"})
            raise

    def _admitted(self, method: str, handler: "Handler", body: bytes, context: Any) -> Any:
        """The request, if its call comes from a service and can be read. Raises a Refusal."""
        metadata = context.invocation_metadata()
        self._require_token(method, metadata)
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
                    reader = reader_of(context)
                    await self._texts.seal(request, reader[0])
                    with self._while_trusted(context):
                        async for part in perform(request, context):
                            self._texts.show(part, *reader)
                            yield part
            except Exception as error:
                await abort(context, error)

        return stream

    def _shared(self, method: Any) -> Any:
        async def shared(requests: Any, context: Any) -> None:
            try:
                self._require_token("ShareStream", context.invocation_metadata())
                await method(requests, context)
            except Exception as error:
                await abort(context, error)

        return shared


def reader_of(context: Any) -> tuple[str, str]:
    """The service that has signed the call, and the role of the person for whom it asks."""
    given = dict(context.invocation_metadata())
    return given.get(HEADER, "").partition(".")[0], given.get("liandong-role", "")


def purpose_in(context: Any) -> str:
    """The purpose of a disclosure, in the words of the person; empty where none is told."""
    given = next((v for name, v in context.invocation_metadata() if name == "liandong-purpose"), "")
    return unquote(given)


def read_request(deserializer: Any, given: bytes) -> Any:
    """The request in these bytes. Raises InvalidArgument if they cannot be read."""
    try:
        return deserializer(given)
    except DecodeError as error:
        raise InvalidArgument("BAD_METADATA", field="request") from error

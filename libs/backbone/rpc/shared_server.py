"""The server's side of a shared stream: many unary calls of one client, answered one by one."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, status_pb2

from backbone.rpc.edge import Edge, Handler, read_request
from backbone.rpc.finishing import finishing
from backbone.rpc.refusing import refusal_for, refused, status_of
from liandong.calls.v1 import calls_service_pb2 as pb

log = logging.getLogger(__name__)

METHOD = "/liandong.calls.v1.CallsService/ShareStream"
# The calls of one stream that are performed, or whose answer waits to be sent, at once. A stream
# with more of them is not read on: its client has to wait, and the other clients do not.
MOST_OPEN = 1_000
# Bytes of answers, or of calls, in one message: far below the limit of a message (4 MiB).
MOST_TOGETHER = 512 * 1024
MOST_ALONE = 4 * 1024 * 1024 - 1024


class SharedContext:
    """A handler asks this for its call, in the place of the context of a call of its own."""

    def __init__(self, call: pb.Call) -> None:
        self._metadata = tuple(call.metadata.items())
        self._ends = time.monotonic() + call.timeout_ms / 1000
        self._trailing: Sequence[tuple[str, str]] = ()

    def invocation_metadata(self) -> Sequence[tuple[str, str]]:
        return self._metadata

    def time_remaining(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self._ends - time.monotonic())

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, str]]) -> None:
        self._trailing = metadata

    def trailing_metadata(self) -> Sequence[tuple[str, str]]:
        return self._trailing


class SharedCalls(grpc.GenericRpcHandler):
    """Serves ShareStream for the unary methods of a server.

    Register servicers with `add(servicer, calls)` as with a server. The messages of the stream are
    read here and not by gRPC, which would end the whole stream for one that cannot be read.
    """

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._methods: dict[str, Handler] = {}
        self._handler: Handler = grpc.stream_stream_rpc_method_handler(self._serve)
        self._streams: set[_Stream] = set()

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        for name, handler in handlers.items():
            if handler.unary_unary is not None:
                self._methods[f"/{service}/{name}"] = self._edge.guarded(name, handler)

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Generated code registers its methods twice; the other way names them."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        return self._handler if handler_call_details.method == METHOD else None

    def close(self) -> None:
        """Read no more calls; each stream ends after its answers."""
        for stream in tuple(self._streams):
            stream.close()

    async def _serve(self, _: Any, context: Any) -> None:
        stream = _Stream(self._methods, context, self._edge)
        self._streams.add(stream)
        try:
            await stream.serve()
        finally:
            self._streams.discard(stream)


class _Stream:
    """One client's stream: its open calls, and the answers that wait to be sent."""

    def __init__(self, methods: Mapping[str, Handler], context: Any, edge: Edge) -> None:
        self._methods = methods
        self._context = context
        self._edge = edge
        self._peer = edge.peer_of(context)
        self._open: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(MOST_OPEN)
        self._answers: list[pb.Answer] = []
        self._ready = asyncio.Event()
        self._over = False
        self._reader: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Answer until the client, or `close`, ends the calls; then give the last answers."""
        self._reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        # A service with a new certificate opens another stream, and asks again.
        lost = asyncio.create_task(self._edge.until_lost(self._peer))
        try:
            await asyncio.wait((self._reader, writer, lost), return_when=asyncio.FIRST_COMPLETED)
            self._reader.cancel()
            if self._open:
                await asyncio.wait((*self._open.values(), writer))
            self._over = True
            self._ready.set()
            await writer
        finally:
            for task in (writer, self._reader, lost, *self._open.values()):
                task.cancel()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        while True:
            message = await self._context.read()
            if message is grpc.aio.EOF:
                return
            try:
                calls = pb.ShareStreamRequest.FromString(message).calls
            except DecodeError:
                log.warning("calls.unreadable", extra={"bytes": len(message)})
                continue
            for call in calls:
                if call.cancelled:
                    self._cancel(call.id)
                    continue
                await self._room.acquire()
                self._open[call.id] = asyncio.create_task(self._perform(call))

    def _cancel(self, call_id: int) -> None:
        task = self._open.get(call_id)
        if task is not None:
            task.cancel()

    async def _perform(self, call: pb.Call) -> None:
        answer = pb.Answer(id=call.id)
        try:
            answer = await self._answer(call)
        except asyncio.CancelledError:
            answer.status = status_pb2.Status(code=code_pb2.CANCELLED).SerializeToString()
            raise
        finally:
            del self._open[call.id]
            self._answers.append(answer)
            self._ready.set()

    async def _answer(self, call: pb.Call) -> pb.Answer:
        context = SharedContext(call)
        answer = pb.Answer(id=call.id)
        try:
            with finishing(call.method.rpartition("/")[2], context.invocation_metadata()):
                try:
                    response = await self._respond(call, context)
                except Exception as error:
                    raise refused(error) from error
            if len(response) > MOST_ALONE:
                answer.status = _too_long()
            else:
                answer.response = response
        except NotImplementedError:
            status = status_pb2.Status(code=code_pb2.UNIMPLEMENTED, message="NOT_IMPLEMENTED")
            answer.status = status.SerializeToString()
        except Exception as error:
            answer.status = status_of(refusal_for(error)).SerializeToString()
        answer.trailing.update(context.trailing_metadata())
        return answer

    async def _respond(self, call: pb.Call, context: SharedContext) -> bytes:
        handler = self._methods.get(call.method)
        if handler is None:
            raise NotImplementedError
        self._edge.require_right(self._peer, call.method)
        self._edge.admit(call.method, context.invocation_metadata(), call.request)
        request = read_request(handler.request_deserializer, call.request)
        perform: Any = handler.unary_unary
        response: bytes = (await perform(request, context)).SerializeToString()
        return response

    async def _write(self) -> None:
        while self._answers or not self._over:
            await self._ready.wait()
            self._ready.clear()
            waiting, self._answers = self._answers, []
            for answers in together(waiting):
                message = pb.ShareStreamResponse(answers=answers)
                await self._context.write(message.SerializeToString())
                for _ in answers:
                    self._room.release()


def _too_long() -> bytes:
    status = status_pb2.Status(code=code_pb2.RESOURCE_EXHAUSTED, message="RESPONSE_TOO_LONG")
    text: bytes = status.SerializeToString()
    return text


def together(parts: Sequence[Any]) -> list[list[Any]]:
    """Split calls or answers into messages of a size that every receiver takes."""
    if len(parts) == 1:
        return [list(parts)]
    messages: list[list[Any]] = []
    size = MOST_TOGETHER
    for part in parts:
        added = part.ByteSize()
        if size + added > MOST_TOGETHER:
            messages.append([])
            size = 0
        messages[-1].append(part)
        size += added
    return messages

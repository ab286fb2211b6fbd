"""The client's side of a shared stream: unary calls to one service over one lasting stream."""

import asyncio
import logging
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from math import inf
from typing import Any

import grpc

from backbone.rpc.answers import failed, is_for_the_connection, refused
from backbone.rpc.peers import NOT_TRUSTED
from backbone.rpc.shared_server import METHOD, together
from backbone.rpc.signed import SigningChannel, traced
from liandong.calls.v1 import calls_service_pb2 as pb

log = logging.getLogger(__name__)

# Seconds before each repeat of a call whose stream has ended, as the channel repeats unary calls:
# all of them are idempotent by their request id.
PAUSES = (0.05, 0.15)
# Seconds until a service that did not know shared streams is asked again: it may be a new one.
UNKNOWN_FOR = 30.0

Metadata = Sequence[tuple[str, str]]


class StreamEnded(Exception):
    """The stream has ended before the answer: the call may have taken effect."""


class NotTrusted(StreamEnded):
    """The service trusts the certificate no more that the connection was opened with. It has not
    looked at the call; another connection shows the certificate of today."""

    def __init__(self, answer: pb.Answer) -> None:
        super().__init__(NOT_TRUSTED)
        self.answer = answer


class NotShared(Exception):
    """The service does not know shared streams."""


class SharedStream:
    """The calls of this process to one service. The stream opens at the first call, and anew at
    the first call after it has ended."""

    def __init__(
        self,
        channel: SigningChannel,
        token: str,
        lasts: float = inf,
        pauses: Sequence[float] | None = None,
    ) -> None:
        self._channel = channel
        self._pauses = PAUSES if pauses is None else pauses
        self._lasts, self._until = lasts, inf
        self._open: Any = channel.stream_stream(METHOD)
        self._token = (("liandong-token", token),)
        self._last_id = 0
        self._waiting: dict[int, asyncio.Future[pb.Answer]] = {}
        self._calls: list[pb.Call] = []
        self._ready = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._left: set[asyncio.Task[None]] = set()
        self._unknown_until = 0.0

    def unary_unary(
        self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any
    ) -> Callable[..., Any]:
        """The callable of a unary method; made and called as the channel's own is."""
        alone = self._channel.unary_unary(path, request_serializer, response_deserializer)

        def call(request: Any, *, timeout: float, metadata: Metadata) -> SharedCall:
            given = request_serializer(request)
            said = dict(traced(metadata))
            said.update([self._channel.sign(path, said.items(), given)])
            sent = pb.Call(method=path, request=given, metadata=said)
            otherwise = partial(alone, request, timeout=timeout, metadata=metadata)
            return SharedCall(self, sent, timeout, response_deserializer, otherwise)

        return call

    def unary_stream(self, *path: Any, **how: Any) -> Any:
        """The callable of a method with a stream of its own."""
        return self._channel.unary_stream(*path, **how)

    async def perform(self, call: pb.Call, patience: float) -> pb.Answer:
        """Send a call until it is answered, for `patience` seconds at most.

        Raises AioRpcError without an answer, NotShared before anything was sent.
        """
        try:
            async with asyncio.timeout(patience) as limit:
                for pause in self._pauses:
                    try:
                        return await self._send(call, limit.when() or 0.0)
                    except StreamEnded:
                        await asyncio.sleep(pause)
                return await self._send(call, limit.when() or 0.0)
        except NotTrusted as refused_by_all:
            return refused_by_all.answer
        except StreamEnded as ended:
            raise failed(grpc.StatusCode.UNAVAILABLE, str(ended)) from ended
        except TimeoutError as error:
            raise failed(grpc.StatusCode.DEADLINE_EXCEEDED, "no answer in time") from error

    async def _send(self, call: pb.Call, ends: float) -> pb.Answer:
        if time.monotonic() < self._unknown_until:
            raise NotShared
        loop = asyncio.get_running_loop()
        self._leave_if_old()
        self._last_id += 1
        number = call.id = self._last_id
        call.timeout_ms = max(0, int(1000 * (ends - loop.time())))
        answer: asyncio.Future[pb.Answer] = loop.create_future()
        waiting = self._waiting
        waiting[number] = answer
        self._put(call)
        try:
            given = await answer
            if given.status and is_for_the_connection(given):
                if waiting is self._waiting:
                    self._leave()
                raise NotTrusted(given)
            return given
        except asyncio.CancelledError:
            if self._waiting.get(number) is answer:
                self._put(pb.Call(id=number, cancelled=True))
            raise
        finally:
            waiting.pop(number, None)

    def _put(self, call: pb.Call) -> None:
        self._calls.append(call)
        self._ready.set()
        if self._running is None or self._running.done():
            self._until = time.monotonic() + self._lasts
            self._running = asyncio.create_task(self._run())

    def _leave_if_old(self) -> None:
        """Leave a stream on which nothing is under way to its end; the next call opens another."""
        if self._running is None or self._waiting or self._calls:
            return
        if time.monotonic() > self._until:
            self._running.cancel()
            self._leave()

    def _leave(self) -> None:
        """The next call opens another stream; this one goes on until its service ends it."""
        if self._running is not None:
            self._left.add(self._running)
            self._running.add_done_callback(self._left.discard)
        self._running, self._waiting = None, {}
        self._calls, self._ready = [], asyncio.Event()

    async def _run(self) -> None:
        """One stream, from its first call to its end; then no call waits for it any more."""
        stream = self._open(metadata=self._token)
        its_calls, its_waiting = self._calls, self._waiting
        writer = asyncio.create_task(self._write(stream, its_calls, self._ready))
        ended: Exception = StreamEnded("the stream has ended")
        try:
            while (message := await stream.read()) is not grpc.aio.EOF:
                for answer in pb.ShareStreamResponse.FromString(message).answers:
                    waiting = its_waiting.get(answer.id)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(answer)
        except grpc.aio.AioRpcError as error:
            ended = self._end_of(error)
        finally:
            writer.cancel()
            stream.cancel()
            if self._waiting is its_waiting:
                self._running = None
            its_calls.clear()
            for waiting in its_waiting.values():
                if not waiting.done():
                    waiting.set_exception(ended)

    def _end_of(self, error: grpc.aio.AioRpcError) -> Exception:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            self._unknown_until = time.monotonic() + UNKNOWN_FOR
            return NotShared()
        if error.code() is grpc.StatusCode.PERMISSION_DENIED:
            return error
        log.warning("calls.ended", extra={"error": error.details()})
        return StreamEnded(error.details())

    async def _write(self, stream: Any, calls: list[pb.Call], ready: asyncio.Event) -> None:
        """Send the calls that are ready in one message.

        While the stream takes no more, calls wait, each until its own deadline.
        """
        while True:
            await ready.wait()
            ready.clear()
            waiting = calls.copy()
            calls.clear()
            for some in together(waiting):
                message = pb.ShareStreamRequest(calls=some)
                try:
                    await stream.write(message.SerializeToString())
                except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    return  # the reader learns why


class SharedCall:
    """One call: await it for the response, then read the trailing metadata."""

    def __init__(
        self,
        stream: SharedStream,
        call: pb.Call,
        patience: float,
        deserialize: Any,
        otherwise: Callable[[], Any],
    ) -> None:
        self._stream, self._call, self._patience = stream, call, patience
        self._deserialize, self._otherwise = deserialize, otherwise
        self._trailing: Sequence[tuple[str, Any]] = ()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._perform().__await__()

    async def trailing_metadata(self) -> Sequence[tuple[str, Any]]:
        return self._trailing

    async def _perform(self) -> Any:
        try:
            answer = await self._stream.perform(self._call, self._patience)
        except NotShared:
            alone = self._otherwise()
            response = await alone
            self._trailing = await alone.trailing_metadata()
            return response
        if answer.status:
            raise refused(answer)
        self._trailing = tuple(answer.trailing.items())
        return self._deserialize(answer.response)

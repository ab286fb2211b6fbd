"""The signature of a call: who has sent it, bound to its method, metadata, bytes and time."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from backbone.process import tracing
from backbone.process.metrics import FORGED
from backbone.process.signing import Signatures
from backbone.rpc.credentials import Channel
from backbone.words.errors import Denied

log = logging.getLogger(__name__)

HEADER = "liandong-signature"
# Seconds for which a signature holds, also for clocks that differ: a captured call, sent again
# within them, is the same request and changes nothing.
FRESH = 120.0
UNSIGNED = ("liandong-token", HEADER)

Metadata = Iterable[tuple[str, Any]]
# Returns if a call of this method with this metadata and these bytes may be answered. Raises
# Denied.
Admit = Callable[[str, Metadata, bytes], None]


def signature_of(
    signatures: Signatures, receiver: str, method: str, metadata: Metadata, request: bytes
) -> tuple[str, str]:
    """The metadata entry that signs a call to the receiver."""
    about = f"{signatures.name}.{int(time.time())}"
    code = signatures.code(receiver, _statement(about, method, metadata, request))
    return HEADER, f"{about}.{code.hex()}"


class Signed:
    """Lets in the calls that a service of this installation has signed for this one."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._forged = FORGED.labels("call", signatures.name)

    def __call__(self, method: str, metadata: Metadata, request: bytes) -> None:
        """Raises Denied, with an alarm, for a call that is not signed, altered, or too old."""
        given = next((value for name, value in metadata if name == HEADER), "")
        if wrong := self._wrong_with(given, method, metadata, request):
            self._forged.inc()
            log.error("call.forged", extra={"method": method, "wrong": wrong})
            raise Denied("NOT_FROM_INSIDE")

    def _wrong_with(self, given: str, method: str, metadata: Metadata, request: bytes) -> str:
        about, _, code = given.rpartition(".")
        sender, _, made = about.partition(".")
        if not given:
            return "not signed"
        try:
            age, raw = abs(time.time() - int(made)), bytes.fromhex(code)
        except ValueError:
            return "a malformed signature"
        if age > FRESH:
            return "signed too long ago"
        statement = _statement(about, method, metadata, request)
        return "" if self._signatures.is_coded(sender, statement, raw) else "not what was signed"


def _statement(about: str, method: str, metadata: Metadata, request: bytes) -> bytes:
    """The signed bytes: all of our metadata, sorted, and the request."""
    said = sorted(
        f"{name}={value}"
        for name, value in metadata
        if name == "idempotency-key" or (name.startswith("liandong-") and name not in UNSIGNED)
    )
    return "\0".join(("liandong call", about, method, *said, "")).encode() + b"\0" + request


def traced(metadata: Metadata) -> tuple[tuple[str, Any], ...]:
    """The metadata with the trace of the present work: no call leaves its trace behind."""
    trace = tracing.traceparent()
    return (*metadata, (tracing.HEADER, trace)) if trace else tuple(metadata)


class SigningChannel:
    """A channel whose calls are signed for one service; a stub takes it as a channel."""

    def __init__(self, channel: Channel, signatures: Signatures, service: str) -> None:
        self._channel = channel
        self._signatures = signatures
        self._service = service
        self.stream_stream = channel.stream_stream  # its calls are signed one by one
        self.channel_ready = channel.channel_ready
        self.close = channel.close

    def sign(self, method: str, metadata: Metadata, request: bytes) -> tuple[str, str]:
        return signature_of(self._signatures, self._service, method, metadata, request)

    def unary_unary(self, path: str, request_serializer: Any, *how: Any, **more: Any) -> Any:
        return self._signed(path, request_serializer, self._channel.unary_unary, how, more)

    def unary_stream(self, path: str, request_serializer: Any, *how: Any, **more: Any) -> Any:
        return self._signed(path, request_serializer, self._channel.unary_stream, how, more)

    async def __aenter__(self) -> "SigningChannel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    def _signed(self, path: str, serialize: Any, open_call: Any, how: Any, more: Any) -> Any:
        inner = open_call(path, None, *how, **more)

        def call(request: Any, *, metadata: Any = (), **given: Any) -> Any:
            body = serialize(request)
            said = traced(metadata or ())
            return inner(body, metadata=(*said, self.sign(path, said, body)), **given)

        return call

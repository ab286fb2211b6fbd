"""Certificates at gRPC: both sides show one, and a renewed one is used without a restart."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import grpc

from backbone.process.wires import DOMAIN, Stamp, Wires

Options: TypeAlias = Sequence[tuple[str, Any]]
# A channel for calls: in the open, or by certificates.
Channel: TypeAlias = "grpc.aio.Channel | RenewingChannel"

# Seconds for which calls of a replaced channel may still take.
GRACE = 30.0


def server_credentials(wires: Wires) -> grpc.ServerCredentials:
    """Credentials that gRPC asks for anew at each connection. Raises OSError for missing files."""
    seen = wires.stamp()

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal seen
        now = wires.stamp()
        if now == seen or not all(now):
            return None  # as before
        seen = now
        return _shown(wires)

    # The stubs of the types do not know that None means: as before.
    fetch = cast(Callable[[], grpc.ServerCertificateConfiguration], renewed)
    return grpc.dynamic_ssl_server_credentials(_shown(wires), fetch, True)


def _shown(wires: Wires) -> grpc.ServerCertificateConfiguration:
    own = wires.own.read_bytes()
    return grpc.ssl_server_certificate_configuration([(own, own)], wires.ca.read_bytes())


class RenewingChannel:
    """A channel to a service that must prove its name; opened anew once our files have changed.

    gRPC keeps the certificate that a client channel was opened with for the channel's life.
    """

    def __init__(self, wires: Wires, service: str, address: str, options: Options) -> None:
        self._wires, self._address = wires, address
        named = ("grpc.ssl_target_name_override", f"{service}{DOMAIN}")
        self._options = [*options, named]
        self._seen: Stamp = ()
        self._channel: grpc.aio.Channel | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def unary_unary(self, *path: Any, **how: Any) -> Any:
        return self._anew(lambda channel: channel.unary_unary(*path, **how))

    def unary_stream(self, *path: Any, **how: Any) -> Any:
        return self._anew(lambda channel: channel.unary_stream(*path, **how))

    def stream_stream(self, *path: Any, **how: Any) -> Any:
        return self._anew(lambda channel: channel.stream_stream(*path, **how))

    def _anew(self, open_on: Callable[[grpc.aio.Channel], Any]) -> Any:
        """The callable of a method, on the channel of the moment of each call."""
        last: tuple[grpc.aio.Channel | None, Any] = (None, None)

        def call(*given: Any, **how: Any) -> Any:
            nonlocal last
            channel = self._current()
            if last[0] is not channel:
                last = (channel, open_on(channel))
            return last[1](*given, **how)

        return call

    def _current(self) -> grpc.aio.Channel:
        now = self._wires.stamp()
        if self._channel is None or (now != self._seen and all(now)):
            if self._channel is not None:
                closing = asyncio.create_task(self._channel.close(GRACE))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
            own = self._wires.own.read_bytes()
            shown = grpc.ssl_channel_credentials(self._wires.ca.read_bytes(), own, own)
            self._seen = now
            self._channel = grpc.aio.secure_channel(self._address, shown, options=self._options)
        return self._channel

    async def channel_ready(self) -> None:
        await self._current().channel_ready()

    async def close(self, grace: float | None = None) -> None:
        if self._channel is not None:
            await self._channel.close(grace)

    async def __aenter__(self) -> "RenewingChannel":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

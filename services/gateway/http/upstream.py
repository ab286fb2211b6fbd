"""The channels to the services and the callables of their RPCs, created at start."""

from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from backbone.process.settings import Settings
from backbone.rpc.channels import open_channel
from backbone.rpc.signed import SigningChannel
from backbone.rpc.spread import Spread, spread_on


class Upstream:
    """One channel per service, and lasting streams on it, which all commands share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._channels: dict[str, SigningChannel] = {}
        self._streams: dict[str, Spread] = {}
        self.metadata = (("liandong-token", settings.token),)

    def unary(self, service: str, method: MethodDescriptor) -> Any:
        """The callable of a unary RPC."""
        return self._channel(service).unary_unary(*_call(method))

    def shared(self, service: str, method: MethodDescriptor) -> Any:
        """The callable of a unary RPC whose calls share the stream to the service."""
        if service not in self._streams:
            channel = self._channel(service)
            self._streams[service] = spread_on(channel, self._settings, service)
        return self._streams[service].unary_unary(*_call(method))

    def streaming(self, service: str, method: MethodDescriptor) -> Any:
        """The callable of an RPC with a stream of responses."""
        return self._channel(service).unary_stream(*_call(method))

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close(grace=1)

    def _channel(self, service: str) -> SigningChannel:
        if service not in self._channels:
            self._channels[service] = open_channel(self._settings, service)
        return self._channels[service]


def _call(method: MethodDescriptor) -> tuple[str, Any, Any]:
    request = GetMessageClass(method.input_type)
    response = GetMessageClass(method.output_type)
    path = f"/{method.containing_service.full_name}/{method.name}"
    return path, request.SerializeToString, response.FromString

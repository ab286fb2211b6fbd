"""The gRPC server of a service: its edge, the standard health service and reflection."""

from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from backbone.postgres.span_sealing import SpanSealer
from backbone.process.keyring import KeyProvider
from backbone.process.settings import Settings
from backbone.rpc.credentials import server_credentials
from backbone.rpc.edge import Edge
from backbone.rpc.free_texts import FreeTexts
from backbone.rpc.shared_server import SharedCalls
from backbone.rpc.signed import Signed

OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.keepalive_permit_without_calls", 1),
    # Pings, so that a terminal whose connection is lost does not count as connected.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_ping_strikes", 0),
]


class Server:
    """The server of one service. Raises RuntimeError, when made, if the port is in use."""

    def __init__(self, settings: Settings, texts: KeyProvider | None = None) -> None:
        """`texts` has the keys of free texts, for a service that keeps some."""
        self.texts = FreeTexts(SpanSealer(texts) if texts else None)
        admit = Signed(settings.signatures)
        wires, name = settings.wires, settings.name
        edge = Edge(settings.token, admit, name=name, wires=wires, texts=self.texts)
        self._server = grpc.aio.server(interceptors=[edge], options=OPTIONS)
        self._calls = SharedCalls(edge)
        self._contracts = [reflection.SERVICE_NAME]
        self._server.add_generic_rpc_handlers((self._calls,))
        health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), self._server)
        address = f"{settings.host}:{settings.port}"
        if wires is None:
            self._server.add_insecure_port(address)
        else:
            self._server.add_secure_port(address, server_credentials(wires))

    def serve(self, add: Callable[[Any, Any], None], servicer: Any, contract: Any) -> None:
        """Register a servicer by its `add_…_to_server`; `contract` is its proto file descriptor.

        Its unary methods are also served on shared streams, and tools such as grpcurl can read
        the contract.
        """
        add(servicer, self._server)
        add(servicer, self._calls)
        self._contracts += [service.full_name for service in contract.services_by_name.values()]

    async def start(self) -> None:
        reflection.enable_server_reflection(self._contracts, self._server)
        await self._server.start()

    async def stop(self, grace: float) -> None:
        """Take no more calls, and end those that run longer than `grace` seconds."""
        self._calls.close()
        await self._server.stop(grace=grace)

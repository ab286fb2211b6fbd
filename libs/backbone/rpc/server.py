"""The gRPC server of a service: its edge, the standard health service and reflection."""

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from backbone.process.settings import Settings
from backbone.rpc.edge import Edge

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


def build(settings: Settings) -> grpc.aio.Server:
    """Return a server that is not started yet. Raises RuntimeError if the port is in use."""
    server = grpc.aio.server(interceptors=[Edge(settings.token)], options=OPTIONS)
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    server.add_insecure_port(f"{settings.host}:{settings.port}")
    return server


def reflect(server: grpc.aio.Server, services: list[str]) -> None:
    """Let tools such as grpcurl read the contracts of these services."""
    reflection.enable_server_reflection((*services, reflection.SERVICE_NAME), server)

"""A channel to another service that was opened when that one was away harms no later channel."""

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from backbone.rpc.channels import channel_to
from operate.home.ports import free_port

SLOW = 60_000
PATIENT = (
    ("grpc.initial_reconnect_backoff_ms", SLOW),
    ("grpc.min_reconnect_backoff_ms", SLOW),
    ("grpc.max_reconnect_backoff_ms", SLOW),
)
ASKED = health_pb2.HealthCheckRequest()


async def test_a_new_channel_does_not_inherit_the_failure_of_an_older_one() -> None:
    address = f"127.0.0.1:{free_port()}"
    async with channel_to("workflow", address, None, PATIENT) as older:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health_pb2_grpc.HealthStub(older).Check(ASKED)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        server = grpc.aio.server()
        health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
        server.add_insecure_port(address)
        await server.start()
        try:
            async with channel_to("workflow", address, None, PATIENT) as newer:
                await health_pb2_grpc.HealthStub(newer).Check(ASKED)
        finally:
            await server.stop(None)

"""The outer edges: streams behind the gRPC edge, the pages for operators, the numbers of a day."""

import asyncio
import json
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import grpc
import pytest

from backbone.postgres.numbers import BLOCK, Numbers, today
from backbone.postgres.pool import open_pool
from backbone.postgres.sealing import KeyMissing
from backbone.process.probes import serve_probes
from backbone.process.pulse import Pulse
from backbone.rpc.edge import Edge
from backbone.words.errors import Denied, Unavailable
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from tests.installation import Installation
from tests.servers import free_port

TOKEN = "inside"


class Stream(rpc.EmergencyServiceServicer):
    """Sends two parts and then ends as it was told."""

    def __init__(self) -> None:
        self.end: Exception | None = None

    async def Subscribe(self, request: pb.SubscribeRequest, context: Any) -> Any:
        yield pb.SubscribeResponse()
        yield pb.SubscribeResponse()
        if self.end is not None:
            raise self.end


@pytest.mark.parametrize(
    ("end", "token", "code", "details", "parts"),
    [
        (None, TOKEN, "OK", "", 2),
        (Denied("NOT_YOUR_TEAM"), TOKEN, "PERMISSION_DENIED", "NOT_YOUR_TEAM", 2),
        (Unavailable("READ_TOO_SLOWLY"), TOKEN, "UNAVAILABLE", "READ_TOO_SLOWLY", 2),
        (ConnectionError(), TOKEN, "UNAVAILABLE", "UNKNOWN_REPEAT", 2),
        (KeyMissing("0a1b2c3d", "number"), TOKEN, "UNAVAILABLE", "SEAL_KEY_MISSING", 2),
        (ZeroDivisionError(), TOKEN, "INTERNAL", "INTERNAL", 2),
        (None, "outside", "PERMISSION_DENIED", "NOT_FROM_INSIDE", 0),
    ],
)
async def test_a_stream_ends_with_the_status_of_its_error(
    end: Exception | None, token: str, code: str, details: str, parts: int
) -> None:
    servicer = Stream()
    servicer.end = end
    server = grpc.aio.server(interceptors=[Edge(TOKEN, lambda *_: None)])
    rpc.add_EmergencyServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = rpc.EmergencyServiceStub(channel).Subscribe(
            pb.SubscribeRequest(), timeout=5, metadata=(("liandong-token", token),)
        )
        received = 0
        with suppress(grpc.aio.AioRpcError):
            async for _ in call:
                received += 1
        assert ((await call.code()).name, await call.details(), received) == (code, details, parts)
    await server.stop(grace=0)


async def test_pages_tell_operators_how_it_is() -> None:
    port, pulse = free_port(), Pulse()
    pages = serve_probes("127.0.0.1", port, {"alarm": pulse})

    def get(path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    async def ask(path: str) -> tuple[int, bytes]:
        return await asyncio.to_thread(get, path)

    status, body = await ask("/readyz")
    assert (status, json.loads(body)) == (503, {"alarm": ["it is still starting"]})
    pulse.started()
    assert await ask("/readyz?verbose") == (200, b'{"alarm": []}')
    assert (await ask("/healthz"))[0] == 200
    status, body = await ask("/metrics")
    assert status == 200
    for name in (b"liandong_build_info{", b"process_resident_memory_bytes", b"python_info{"):
        assert name in body
    assert (await ask("/elsewhere"))[0] == 404
    pages.shutdown()
    pages.server_close()


async def test_numbers_of_a_day_are_never_given_twice(database: Installation) -> None:
    async with await open_pool(database.url(), "ledger") as pool:
        several = [Numbers(pool) for _ in range(3)]
        day, other = date(2026, 11, 22), date(2026, 11, 23)
        drawn = await asyncio.gather(
            *(numbers.next(day) for numbers in several for _ in range(BLOCK + 5))
        )
        assert len(set(drawn)) == 3 * (BLOCK + 5)
        assert await several[0].next(other) == 1
        assert await several[1].next(other) == BLOCK + 1
    assert abs((today() - datetime.now(UTC).date()).days) <= 1

"""The retrier repeats a call until it is answered or refused, and once at a time per request."""

import asyncio
from uuid import UUID, uuid4

import grpc

from backbone.rpc import retrying
from backbone.rpc.retrying import Retrier


def error_of(code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata())


async def test_it_is_asked_until_it_is_answered_and_by_one_alone() -> None:
    asked = 0

    async def call() -> str:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise error_of(grpc.StatusCode.UNAVAILABLE)
        return "here"

    retrier, request_id = Retrier(pauses=(0.0, 0.001)), uuid4()
    for expected in (3, 4):
        retrier.schedule(request_id, call)
        retrier.schedule(request_id, call)
        async with asyncio.timeout(5):
            while asked < expected:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        assert asked == expected, "what was settled once may be asked anew"


async def test_only_so_many_are_kept() -> None:
    async def never() -> None:
        raise AssertionError("a minute has not passed")

    retrier = Retrier(pauses=(60.0,))
    before = len(asyncio.all_tasks())
    for number in range(retrying.MOST + 5):
        retrier.schedule(UUID(int=number), never)
    assert len(asyncio.all_tasks()) == before + retrying.MOST

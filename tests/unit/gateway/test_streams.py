"""Streams hold bounded memory: slow readers are dropped, too many are refused."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.gateway.accounts.auth import Caller
from services.gateway.http.problems import Problem
from services.gateway.live.frames import frame
from services.gateway.live.streams import Streams


def a_caller() -> Caller:
    return Caller("person:li", "li", "u", "clerk", "990101")


async def always() -> bool:
    return True


class Connection:
    """A reader at the other end of a connection: takes some messages, then no more."""

    def __init__(self, takes: int) -> None:
        self._takes = takes
        self.taken: list[bytes] = []

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            if len(self.taken) >= self._takes:
                await asyncio.Event().wait()
            self.taken.append(message["body"])

    async def receive(self) -> Any:
        await asyncio.Event().wait()


async def test_a_reader_who_takes_nothing_is_dropped() -> None:
    closed = asyncio.Event()

    async def content() -> AsyncIterator[bytes]:
        try:
            while True:
                yield frame("change", b"{}")
        finally:
            closed.set()

    streams, reader = Streams(most=8, heartbeat=10, patience=0.05), Connection(takes=3)
    response = streams.respond(content(), always)
    scope = {"type": "http", "method": "GET"}
    await asyncio.wait_for(response(scope, reader.receive, reader.send), 5)
    assert reader.taken == [b"event: change\ndata: {}\n\n"] * 3
    assert closed.is_set()


async def test_heartbeats_are_comments() -> None:
    async def silence() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.25)
        yield b""

    streams, reader = Streams(most=8, heartbeat=0.1, patience=1), Connection(takes=9)
    response = streams.respond(silence(), always)
    await response({"type": "http", "method": "GET"}, reader.receive, reader.send)
    assert next(filter(None, reader.taken)).startswith(b":")


@pytest.mark.parametrize("pause", [0.01, 30])
async def test_a_session_that_ends_ends_its_stream_in_time(pause: float) -> None:
    """However busy or quiet the stream is, and with a last word: the client must not wait on."""
    closed = asyncio.Event()
    answers = iter([True, False])

    async def content() -> AsyncIterator[bytes]:
        try:
            while True:
                yield frame("change", b"{}")
                await asyncio.sleep(pause)
        finally:
            closed.set()

    async def still_admits() -> bool:
        return next(answers)

    streams, reader = Streams(8, heartbeat=10, patience=1, check=0.1), Connection(takes=99)
    response = streams.respond(content(), still_admits)
    scope = {"type": "http", "method": "GET"}
    await asyncio.wait_for(response(scope, reader.receive, reader.send), 15)
    assert next(answers, None) is None, "it was asked twice"
    assert reader.taken[-1] == b"" and closed.is_set()


def test_no_more_than_so_many_of_one_principal() -> None:
    streams = Streams(most=1, heartbeat=1, patience=1)
    streams.require_room(a_caller())
    with streams.counted("changes", a_caller()):
        with pytest.raises(Problem) as refused:
            streams.require_room(a_caller())
        assert (refused.value.status, refused.value.reason) == (429, "TOO_MANY_STREAMS")
    streams.require_room(a_caller())

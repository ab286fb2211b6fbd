"""The replay's HTTP client against a server that fails in every way it knows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from operate.replay.client import PATIENCE, Client, Connection, NoAnswer, Refused
from operate.replay.events import Event, events

OK = '200 OK\r\nidempotency-replayed: true\r\n\r\n{"id": "1"}'
BUSY = '503 X\r\n\r\n{"reason": "UNAVAILABLE"}'
OVER = '503 X\r\n\r\n{"reason": "EXPIRED"}'
NO = '409 X\r\n\r\n{"reason": "ALREADY_CLAIMED", "detail": "by another"}'
CUT = ""
SILENCE = "silence"


@dataclass
class Server:
    """Gives each request the next of its answers, and keeps the headers that came in."""

    answers: list[str]
    base: str = ""
    keys: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name: value for name, _, value in lines}
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.headers.append(headers)
        self.keys.append(headers.get("idempotency-key", ""))
        answer = self.answers.pop(0)
        if answer == SILENCE:
            await reader.read()
        elif answer:
            status, _, body = answer.partition("\r\n\r\n")
            writer.write(f"HTTP/1.1 {status}\r\nconnection: close\r\n\r\n{body}".encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(
    *answers: str, patience: float = PATIENCE
) -> AsyncIterator[tuple[Server, Client, Connection]]:
    server = Server(list(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening, Connection(base, 2, patience) as connection:
        yield server, Client(connection, "key", "经办一"), connection


async def test_what_is_unknown_is_asked_again_under_the_same_key() -> None:
    async with serving(CUT, BUSY, OK) as (server, client, connection):
        answer = await client.post("/v1/things", "a#1", {})
    assert answer.body == {"id": "1"} and answer.replayed
    assert server.keys == ["a#1"] * 3
    assert connection.retries == 2


async def test_what_has_expired_is_asked_again_under_a_key_of_its_own() -> None:
    async with serving(OVER, BUSY, OVER, OK) as (server, client, _):
        await client.post("/v1/things", "a#1", {})
    assert server.keys == ["a#1", "a#1~2", "a#1~2", "a#1~3"]


async def test_a_refusal_is_final_and_says_why() -> None:
    async with serving(NO) as (_, client, _):
        with pytest.raises(Refused, match="by another") as refused:
            await client.post("/v1/things", "a#1", {}, version=3)
    assert refused.value.reason == "ALREADY_CLAIMED"


@pytest.mark.parametrize("answer", [BUSY, SILENCE], ids=["refuses", "is frozen"])
async def test_a_city_that_does_not_answer_is_told_in_a_sentence_before_long(answer: str) -> None:
    async with serving(*[answer] * 9, patience=0.3) as (_, client, _):
        async with asyncio.timeout(3):
            with pytest.raises(NoAnswer, match="liandong status") as told:
                await client.get("/v1/city")
    assert "liandong status" in told.value.chinese


async def test_the_person_and_the_version_that_was_seen_go_with_it() -> None:
    async with serving(OK) as (server, client, _):
        await client.post("/v1/things", "a#1", {}, version=3)
    assert server.headers[0]["if-match"] == '"3"'
    assert server.headers[0]["liandong-person"] == "%e7%bb%8f%e5%8a%9e%e4%b8%80"


async def test_a_stream_goes_on_where_it_was_cut() -> None:
    first = 'id: 7\nevent: mission\ndata: {"seq": 7}\n\n: still here\n\nevent: mission\nda'
    second = 'id: 8\nevent: mission\ndata: {"seq": 8}\n\n'
    async with serving(f"200 OK\r\n\r\n{first}", CUT, f"200 OK\r\n\r\n{second}") as (s, client, _):
        seen: list[Event] = []
        async for event in events(client, "/stream"):
            seen.append(event)
            if len(seen) == 4:
                break
    assert [event.data for event in seen if event.name == "mission"] == [{"seq": 7}, {"seq": 8}]
    assert [headers.get("last-event-id") for headers in s.headers] == [None, "7", "7"]

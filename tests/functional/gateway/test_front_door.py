"""The real HTTP server against clients that send too much, too slowly, or read nothing."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from services.gateway.metrics import CONNECTIONS_CLOSED
from tests.functional.gateway.front import Front, a_front
from tests.gateway import HOST

HEAD_SECONDS = 1.0
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
async def front(gateway_database: str) -> AsyncIterator[Front]:
    bounds = {
        "head_seconds": str(HEAD_SECONDS),
        "body_seconds": "1",
        "slow_reader_seconds": "1",
        "connections_per_address": "500",
    }
    async with a_front(gateway_database, **bounds) as front:
        yield front


def reason_in(answer: bytes) -> str:
    """The reason of the refusal that ends these bytes."""
    head, _, body = answer.rpartition(b"\r\n\r\n")
    assert b"nosniff" in head and b"application/problem+json" in head
    return str(json.loads(body)["reason"])


def instance_in(answer: bytes) -> str:
    """The trace that the refusal is found by."""
    return str(json.loads(answer.rpartition(b"\r\n\r\n")[2])["instance"])


async def test_400_half_open_connections_are_closed_in_time(front: Front) -> None:
    with ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection((HOST, front.port))) for _ in range(400)
        ]
        for number, each in enumerate(held):
            each.sendall((b"", b"G", GET)[number % 3])
        began = time.monotonic()
        answers = await asyncio.gather(*(read_out(each) for each in held))
        assert time.monotonic() - began < HEAD_SECONDS + 4
        assert {reason_in(answer) for answer in answers} == {"HEAD_TOO_SLOW"}
        async with front.client() as http:
            assert (await http.get("/openapi.json")).status_code == 200


async def read_out(connection: socket.socket) -> bytes:
    connection.setblocking(False)
    loop, answer = asyncio.get_running_loop(), b""
    while part := await asyncio.wait_for(loop.sock_recv(connection, 65_536), 10):
        answer += part
    return answer


async def test_a_head_that_trickles_is_closed(front: Front) -> None:
    began = time.monotonic()
    trickle = [GET, *(f"X-{n}: y\r\n".encode() for n in range(30))]
    answer = await front.say(*trickle, pause=0.1)
    assert reason_in(answer) == "HEAD_TOO_SLOW"
    assert time.monotonic() - began < 6


async def test_blank_lines_keep_no_connection(front: Front) -> None:
    answer = await front.say(*(b"\r\n" for _ in range(30)), pause=0.1)
    assert reason_in(answer) == "HEAD_TOO_SLOW"


async def test_a_head_of_48_mb_is_refused_early(front: Front) -> None:
    reader, writer = await asyncio.open_connection(HOST, front.port)
    sent = 0
    try:
        writer.write(GET + b"X-Long: ")
        while sent < 48_000_000:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536
            if reader.at_eof() or writer.transport.is_closing():
                break
            await asyncio.sleep(0)
    except ConnectionError:
        pass
    writer.close()
    assert sent < 16_000_000


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X-Long: " + b"x" * 40_000 + b"\r\n\r\n",
        GET + b"".join(b"X-%d: y\r\n" % n for n in range(150)) + b"\r\n",
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["one long header", "many headers", "a long path"],
)
async def test_a_head_over_its_limits_is_refused(front: Front, head: bytes) -> None:
    answer = await front.say(head)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert reason_in(answer) == "HEAD_TOO_LARGE"


async def test_what_is_no_http_is_refused_as_a_problem(front: Front) -> None:
    answer = await front.say(b"HELO there\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert reason_in(answer) == "MALFORMED_HTTP"
    assert instance_in(answer) != instance_in(await front.say(b"HELO there\r\n\r\n"))


async def test_a_body_that_trickles_is_closed(front: Front) -> None:
    began = time.monotonic()
    answer = await front.say(POST + b"Content-Length: 1000\r\n\r\n", *([b" "] * 20), pause=0.1)
    assert not answer.startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 7


async def test_a_body_that_no_endpoint_reads_is_closed_too(front: Front) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    began = time.monotonic()
    answer = await front.say(head, *([b" "] * 20), pause=0.1)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert time.monotonic() - began < 7


async def test_whoever_reads_nothing_is_cut_off(front: Front) -> None:
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect((HOST, front.port))
        deaf.setblocking(False)
        asked, loop = (
            b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 40,
            asyncio.get_running_loop(),
        )
        await loop.sock_sendall(deaf, asked)
        async with asyncio.timeout(8):
            while front.gateway.bounds.by_address:
                await asyncio.sleep(0.1)


async def test_slow_but_honest_requests_on_one_connection_are_served(front: Front) -> None:
    async with front.client() as http:
        for _ in range(3):
            assert (await http.get("/openapi.json")).status_code == 200
            await asyncio.sleep(1.2 * HEAD_SECONDS)


async def test_an_address_has_so_many_connections_and_others_have_theirs(
    gateway_database: str,
) -> None:
    async with a_front(gateway_database, connections_per_address="20") as front:
        with ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(socket.create_connection((HOST, front.port)))
            await asyncio.sleep(0.1)
            answer = await front.say(GET + b"\r\n")
            assert reason_in(answer) == "TOO_MANY_CONNECTIONS"
            async with front.client("127.0.0.9") as other:
                assert (await other.get("/openapi.json")).status_code == 200
        await asyncio.sleep(0.2)
        async with front.client() as http:
            assert (await http.get("/openapi.json")).status_code == 200


async def test_every_answer_says_how_it_may_be_used(front: Front) -> None:
    async with front.client() as http:
        for path in ("/v1/incidents", "/nowhere", "/healthz"):
            headers = (await http.get(path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert "Strict-Transport-Security" not in headers


async def test_https_is_for_good_where_a_trusted_proxy_speaks_it(gateway_database: str) -> None:
    async with a_front(gateway_database, trusted_proxies=HOST) as front:
        async with front.client(**{"X-Forwarded-Proto": "https"}) as http:
            headers = (await http.get("/openapi.json")).headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        async with front.client("127.0.0.9", **{"X-Forwarded-Proto": "https"}) as http:
            headers = (await http.get("/openapi.json")).headers
        assert "Strict-Transport-Security" not in headers


CLOSE = b"Connection: close\r\n\r\n"
SIGN_IN = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = SIGN_IN + b"Transfer-Encoding: chunked\r\n" + CLOSE
WRONG = b'{"user": "nobody", "password": "guess"}'


def in_chunks(body: bytes, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    """Each byte in a chunk of its own."""
    chunks = b"".join(b"1%s\r\n%c\r\n" % (extension, byte) for byte in body)
    return chunks + b"0\r\n" + trailer + b"\r\n"


@pytest.mark.parametrize("path", [b"/healthz", b"/openapi.json", b"/nowhere", b"/v1/incidents"])
@pytest.mark.parametrize(
    ("version", "hosts", "reason"),
    [
        (b"1.1", b"", b"HOST_MISSING"),
        (b"1.1", b"Host: x\r\nHost: x\r\n", b"REPEATED_HEADER"),
        (b"1.1", b"Host: x\r\nhost: y\r\n", b"REPEATED_HEADER"),
        (b"1.0", b"Host: x\r\nHost: y\r\n", b"REPEATED_HEADER"),
        (b"1.0", b"", b""),
        (b"1.1", b"Host: x\r\n", b""),
    ],
)
async def test_a_request_names_one_host(
    front: Front, path: bytes, version: bytes, hosts: bytes, reason: bytes
) -> None:
    answer = await front.say(b"GET %s HTTP/%s\r\n" % (path, version) + hosts + CLOSE)
    assert answer.startswith(b"HTTP/1.1 400 ") == bool(reason), answer
    assert reason in answer


SWITCH = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAA\r\n"


@pytest.mark.parametrize("upgrade", [SWITCH, b"Connection: upgrade\r\nUpgrade: websocket\r\n"])
async def test_what_asks_for_another_protocol_hides_no_request(
    front: Front, upgrade: bytes
) -> None:
    """As Java's client asks over open wires. The parser takes the body for what follows."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    length, chunks = b"Content-Length: %d\r\n" % len(hidden), b"Transfer-Encoding: chunked\r\n"
    for head in (POST + upgrade + length, POST + length + upgrade, POST + upgrade + chunks):
        answer = await front.say(head + b"\r\n", hidden, pause=0.1)
        assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1
        assert reason_in(answer) == "UPGRADE_WITH_BODY"
    for head in (GET + upgrade, GET + upgrade + b"Content-Length: 0\r\n"):
        answer = await front.say(head + CLOSE)
        assert answer.startswith(b"HTTP/1.1 200 ")
    first, last = GET + upgrade + b"\r\n", b"GET /nowhere HTTP/1.1\r\nHost: x\r\n" + CLOSE
    for parts in (
        (first + last,),
        (first, last),
        (first + first + last,),
        (first + last[:9], last[9:]),
    ):
        answer = await front.say(*parts, pause=0.1)
        asked = b"".join(parts).count(b" HTTP/1.1\r\n")
        assert answer.count(b"HTTP/1.1 ") == asked, "what stands behind it is answered, too"
        assert answer.count(b"HTTP/1.1 404 ") == 1


@pytest.mark.parametrize(
    "twice",
    [
        b"Content-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n",
        b"Content-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 2\r\n",
        b"Content-Type: application/json\r\nContent-Length: 2\r\nExpect: a\r\nExpect: b\r\n",
    ],
    ids=["kind", "length", "expectation"],
)
async def test_what_has_one_value_stands_once(front: Front, twice: bytes) -> None:
    said = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\n" + twice + CLOSE + b"{}"
    answer = await front.say(said)
    assert answer.startswith(b"HTTP/1.1 400 ")
    # Of two lengths the parser itself sees only that the end of the body is unknown.
    length = b"Content-Length: 2\r\nContent-Length" in twice
    assert (b"MALFORMED_HTTP" if length else b"REPEATED_HEADER") in answer


def closed(reason: str) -> float:
    return CONNECTIONS_CLOSED.labels(reason)._value.get()


async def test_what_stands_beside_a_body_in_chunks_has_a_limit(front: Front) -> None:
    long = b"1;" + b"a" * 200_000 + b"\r\n"
    for parts in (
        (CHUNKED + long,),
        (CHUNKED, *(long[at : at + 1_000] for at in range(0, len(long), 1_000))),
        (CHUNKED + in_chunks(WRONG * 40, b";" + b"a" * 40),),
        (CHUNKED + in_chunks(WRONG, trailer=b"X-Long: %s\r\n" % (b"a" * 40_000)),),
    ):
        before = closed("HEAD_TOO_LARGE")
        assert b" 401 " not in await front.say(*parts)
        assert closed("HEAD_TOO_LARGE") == before + 1


async def test_a_body_in_honest_chunks_is_read(front: Front) -> None:
    padded = b" " * 60_000 + WRONG
    for body in (in_chunks(WRONG), in_chunks(padded), in_chunks(WRONG, b";name=value")):
        answer = await front.say(CHUNKED + body)
        assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 429 ")), answer[:200]


async def test_a_trailer_is_no_header(front: Front) -> None:
    for trailer in (b"Content-Type: text/plain\r\n", b"Host: y\r\n"):
        answer = await front.say(CHUNKED + in_chunks(WRONG, trailer=trailer))
        assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 429 ")), answer[:200]


async def test_requests_that_come_at_once_are_counted_apart(front: Front) -> None:
    many = b"".join(GET + b"X-Long: %s\r\n\r\n" % (b"x" * 20_000) for _ in range(8))
    answer = await front.say(many + GET + CLOSE)
    assert answer.count(b"HTTP/1.1 200 ") == 9

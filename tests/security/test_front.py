"""Raw bytes of an attacker at the gateway of a whole city: smuggling, methods, foreign pages."""

import asyncio
import re
from contextlib import closing

import httpx
import pytest

from tests.people import Visit
from tests.security.counts import COUNTS
from tests.servers import PLAIN

HEAD = b"POST /v1/sessions HTTP/1.1\r\nHost: city\r\nContent-Type: application/json\r\n"
HIDDEN = b"GET /v1/incidents HTTP/1.1\r\nHost: city\r\nX: "
TE = b"Transfer-Encoding: chunked"
CHUNKED = b"0\r\n\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
# Two readers of these bytes could see two different requests.
AMBIGUOUS = {
    "length and chunks": HEAD + b"Content-Length: 6\r\n" + TE + b"\r\n\r\n" + CHUNKED,
    "chunks and length": HEAD + TE + b"\r\nContent-Length: 6\r\n\r\n" + CHUNKED,
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "two lengths in one": HEAD + b"Content-Length: 2, 40\r\n\r\n{}",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a length with letters": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "an odd encoding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "an encoding after chunks": HEAD + TE + b", identity\r\n\r\n" + CHUNKED,
    "a space before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "a folded header": HEAD + b"Content-Length: 2\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n{}",
    "a bare carriage return": HEAD + b"X: a\rTransfer-Encoding: chunked\r\n\r\n",
    "a chunk with a wrong size": HEAD + TE + b"\r\n\r\n2;\nxx\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": HEAD + TE + b"\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
    "a null in a header": HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "another protocol and a length": HEAD + UPGRADE + b"Content-Length: 2\r\n\r\n{}",
    "another protocol and chunks": HEAD + UPGRADE + TE + b"\r\n\r\n" + CHUNKED,
    "an old version with chunks": HEAD.replace(b"1.1", b"1.0") + TE + b"\r\n\r\n"
    + CHUNKED,
}  # fmt: skip


async def answers_to(visit: Visit, sent: bytes) -> list[bytes]:
    """The status lines of everything that the gateway answers to these bytes on one connection."""
    port = int(visit.city.env["LIANDONG_PORT"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    with closing(writer):
        writer.write(sent)
        try:
            async with asyncio.timeout(1.5):
                while part := await reader.read(65_536):
                    said += part
        except (TimeoutError, ConnectionError):
            pass
    # An answer that follows another one begins right behind its body, which ends no line.
    return re.findall(rb"HTTP/1\.1 \d{3}", said)


async def test_two_lengths_of_one_message_are_refused(visit: Visit) -> None:
    """A second request that is hidden behind the first one is never answered."""
    told = await asyncio.gather(
        *(answers_to(visit, each + HIDDEN + b"\r\n\r\n") for each in AMBIGUOUS.values())
    )
    flaws = {
        name: lines
        for name, lines in zip(AMBIGUOUS, told, strict=True)
        if len(lines) > 1 or not all(line.startswith(b"HTTP/1.1 4") for line in lines)
    }
    COUNTS.append(f"{len(AMBIGUOUS)} ambiguous messages, {len(flaws)} accepted")
    assert not flaws


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "OPTIONS", "PROPFIND", "PUT"])
async def test_trace_and_connect_are_not_served(visit: Visit, method: str) -> None:
    target = "city:443" if method == "CONNECT" else "/v1/incidents"
    secret = b"Authorization: Bearer a-canary"
    [line, *_] = await answers_to(
        visit, f"{method} {target} HTTP/1.1\r\nHost: city\r\n".encode() + secret + b"\r\n\r\n"
    )
    assert line.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 405")), line


async def test_no_page_of_another_site_may_ask(visit: Visit) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET", "POST"):
        answer = await visit.http.request(method, "/v1/sessions", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_every_answer_forbids_what_a_page_could_do(visit: Visit) -> None:
    for path in ("/openapi.json", "/v1/incidents", "/nowhere", "/healthz"):
        policy = (await visit.http.get(path)).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/v1/incidents/", "/v1/track/", "//evil.example/v1/incidents"])
async def test_nobody_is_sent_to_a_host_that_a_client_names(visit: Visit, path: str) -> None:
    port = visit.city.env["LIANDONG_PORT"]
    async with httpx.AsyncClient(headers={"Host": "evil.example"}, verify=PLAIN) as http:
        answer = await http.get(f"http://127.0.0.1:{port}{path}")
    assert answer.status_code == 404 and "location" not in answer.headers

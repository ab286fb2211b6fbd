"""Good requests in front of a broken one on the same connection are answered."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.functional.gateway.front import Front, a_front
from tests.functional.gateway.test_front_door import GET, POST, SWITCH, closed, reason_in

GOOD = GET + b"\r\n"
SIGN_IN = POST + b'Content-Length: 39\r\n\r\n{"user": "nobody", "password": "guess"}'


@pytest.fixture
async def front(gateway_database: str) -> AsyncIterator[Front]:
    async with a_front(gateway_database, head_seconds="1", body_seconds="1") as front:
        yield front


BAD = {
    "no HTTP": (b"\x00\x01 what\r\n\r\n", "MALFORMED_HTTP"),
    "a header without a name": (GET + b": x\r\n\r\n", "MALFORMED_HTTP"),
    "a path that is none": (b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", "MALFORMED_HTTP"),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "MALFORMED_HTTP"),
    "an odd encoding": (POST + b"Transfer-Encoding: odd\r\n\r\n", "MALFORMED_HTTP"),
    "a broken chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "MALFORMED_HTTP"),
    "a long head": (GET + b"X-Long: %s\r\n\r\n" % (b"x" * 40_000), "HEAD_TOO_LARGE"),
    "half a head": (GET, "HEAD_TOO_SLOW"),
    "half a body": (POST + b"Content-Length: 1000\r\n\r\n{", "BODY_TOO_SLOW"),
    "another protocol": (POST + SWITCH + b"Content-Length: 2\r\n\r\n{}", "UPGRADE_WITH_BODY"),
}


@pytest.mark.parametrize("before", [[], [GOOD], [GOOD] * 3, [SIGN_IN], [SIGN_IN, GOOD]], ids=len)
@pytest.mark.parametrize("name", BAD)
async def test_good_requests_are_answered_and_the_bad_one_refused_once(
    front: Front, name: str, before: list[bytes]
) -> None:
    bad, reason = BAD[name]
    counted = closed(reason)
    answer = await front.say(b"".join(before) + bad)
    assert answer.count(b"HTTP/1.1 ") == len(before) + 1, answer
    assert answer.count(b"HTTP/1.1 200 ") == before.count(GOOD)
    assert reason_in(answer) == reason
    assert closed(reason) == counted + 1


async def test_what_follows_a_refused_message_is_not_carried_out(front: Front) -> None:
    answer = await front.say(GOOD + b"\x00\r\n\r\n" + GOOD, GOOD, pause=0.2)
    assert answer.count(b"HTTP/1.1 200 ") == 1 and reason_in(answer) == "MALFORMED_HTTP"


async def test_who_says_that_a_request_is_the_last_gets_one_answer(front: Front) -> None:
    answer = await front.say(GET + b"Connection: close\r\n\r\n" + b"\x00\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.count(b"HTTP/1.1 ") == 1


async def test_a_request_that_is_answered_before_its_body_is_refused_no_more(front: Front) -> None:
    chunked = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    answer = await front.say(chunked, b"zz\r\n", pause=0.3)
    assert answer.startswith(b"HTTP/1.1 404 ") and answer.count(b"HTTP/1.1 ") == 1


async def test_a_client_that_goes_while_its_refusal_waits_leaves_nothing(front: Front) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(SIGN_IN + b"\x00\r\n\r\n")
    await writer.drain()
    writer.transport.abort()
    async with asyncio.timeout(5):
        while front.gateway.bounds.by_address:
            await asyncio.sleep(0.05)

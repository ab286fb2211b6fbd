"""Everything wrong that a stranger can send, and the exact answer to each."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.functional.gateway.conftest import Face

JSON = {"Content-Type": "application/json"}
REPORT = "/v1/incidents/i-1:report"


@dataclass(frozen=True)
class Bad:
    """A request, and what is said of it."""

    name: str
    status: int
    reason: str
    flaw: str | None = None
    method: str = "POST"
    path: str = REPORT
    body: bytes | None = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))


def with_header(name: str, value: str) -> dict[str, str]:
    return {**JSON, name: value}


BAD = [
    # the body
    Bad("not JSON", 400, "MALFORMED_JSON", "", body=b'{"text": '),
    Bad("not an object", 400, "WRONG_TYPE", "", body=b"[]"),
    Bad("a lone surrogate", 400, "MALFORMED_JSON", "", body=rb'{"text":"\ud800"}'),
    Bad("broken UTF-8", 400, "BROKEN_UTF8", "", body=b'{"text":"\xff\xfe"}'),
    Bad("UTF-16", 400, "BROKEN_UTF8", "", body='{"text":"x"}'.encode("utf-16")),
    Bad("an unknown field", 400, "UNKNOWN_FIELD", "txet", body=b'{"txet":"x"}'),
    Bad("a path field again", 400, "UNKNOWN_FIELD", "incident_id", body=b'{"incident_id":"i-2"}'),
    Bad("a number as text", 400, "WRONG_TYPE", "text", body=b'{"text":1}'),
    Bad("a text as a flag", 400, "WRONG_TYPE", "public", body=b'{"public":"true"}'),
    Bad("null for a text", 400, "WRONG_TYPE", "text", body=b'{"text":null}'),
    Bad("NUL", 400, "NUL_CHARACTER", "text", body=rb'{"text":"a\u0000b"}'),
    Bad("deep nesting", 400, "MALFORMED_JSON", "", body=b'{"text":' + b"[" * 100_000),
    Bad("10 MB of text", 413, "BODY_TOO_LARGE", body=b'{"text":"' + b"x" * 10_000_000 + b'"}'),
    # its kind
    Bad("a form", 415, "NOT_JSON", body=b"text=x", headers={
        "Content-Type": "application/x-www-form-urlencoded"}),
    Bad("no kind at all", 415, "NOT_JSON", headers={}),
    Bad("another charset", 415, "NOT_JSON", headers={
        "Content-Type": "application/json; charset=gb2312"}),
    Bad("compressed", 415, "NOT_JSON", headers=with_header("Content-Encoding", "gzip")),
    # headers
    Bad("a bare version", 400, "MALFORMED_IF_MATCH", headers=with_header("If-Match", "3")),
    Bad("a weak version", 400, "MALFORMED_IF_MATCH", headers=with_header("If-Match", 'W/"3"')),
    Bad("a huge version", 400, "MALFORMED_IF_MATCH", headers=with_header(
        "If-Match", f'"{"9" * 30}"')),
    Bad("an empty key", 400, "MALFORMED_IDEMPOTENCY_KEY", headers=with_header(
        "Idempotency-Key", "")),
    Bad("a long key", 400, "MALFORMED_IDEMPOTENCY_KEY", headers=with_header(
        "Idempotency-Key", "k" * 129)),
    Bad("a broken purpose", 400, "MALFORMED_PURPOSE", headers=with_header(
        "Liandong-Purpose", "%ff")),
    # the address
    Bad("an unknown parameter", 400, "UNKNOWN_FIELD", "verbose", path=f"{REPORT}?verbose=1"),
    Bad("an unknown filter", 400, "UNKNOWN_FIELD", "colour", "GET", "/v1/inbox?colour=red"),
    Bad("an unknown state", 400, "UNKNOWN_VALUE", "state", "GET", "/v1/inbox?state=LOST"),
    Bad("a size that is none", 400, "WRONG_TYPE", "page_size", "GET", "/v1/inbox?page_size=many"),
    Bad("a size below nothing", 400, "OUT_OF_RANGE", "page_size", "GET", "/v1/inbox?page_size=-1"),
    Bad("a size too large", 400, "OUT_OF_RANGE", "page_size", "GET",
        "/v1/inbox?page_size=99999999999"),
    Bad("a filter twice", 400, "REPEATED_PARAMETER", "state", "GET",
        "/v1/inbox?state=OFFERED&state=CLAIMED"),
    Bad("broken UTF-8 in a filter", 400, "BROKEN_UTF8", None, "GET", "/v1/inbox?unit=%ff"),
    Bad("NUL in a filter", 400, "NUL_CHARACTER", "unit", "GET", "/v1/inbox?unit=%00"),
    Bad("NUL in an id", 400, "NUL_CHARACTER", "incident_id", "GET", "/v1/incidents/%00"),
    Bad("broken UTF-8 in an id", 400, "BROKEN_UTF8", None, "GET", "/v1/incidents/%ff"),
    Bad("a path of nobody", 404, "NO_SUCH_PATH", None, "GET", "/v1/nothing"),
    Bad("an unknown verb", 405, "METHOD_NOT_ALLOWED", None, "POST", "/v1/incidents/i-1:explode"),
    Bad("another method", 405, "METHOD_NOT_ALLOWED", None, "PATCH", "/v1/incidents/i-1"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
async def test_each_flaw_is_named(face: Face, bad: Bad) -> None:
    headers = await face.sign_in("li") | bad.headers
    body = bad.body if bad.method == "POST" else None
    answer = await face.http.request(bad.method, bad.path, content=body, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (bad.status, bad.status), problem
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["reason"] == bad.reason
    assert problem["title"] and problem["detail"] and "{" not in problem["detail"]
    if bad.flaw is not None:
        [told] = problem["errors"]
        assert (told["field"], told["reason"]) == (bad.flaw, bad.reason)
    assert face.incidents.asked == []


async def test_all_flaws_are_told_at_once(face: Face) -> None:
    headers = await face.sign_in("li") | JSON | {"Accept-Language": "en"}
    body = json.dumps({"text": 1, "public": 2, "more": 3})
    problem = (await face.http.post(REPORT, content=body, headers=headers)).json()
    assert {flaw["field"]: flaw["reason"] for flaw in problem["errors"]} == {
        "text": "WRONG_TYPE",
        "public": "WRONG_TYPE",
        "more": "UNKNOWN_FIELD",
    }
    assert "There is no field called more." in {flaw["detail"] for flaw in problem["errors"]}


async def test_an_endless_body_is_not_kept(face: Face) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"text":"'
        while sent < 100_000_000:
            sent += 65_536
            yield b"x" * 65_536

    headers = await face.sign_in("li") | JSON
    answer = await face.http.post(REPORT, content=endless(), headers=headers)
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")
    assert sent < 2_000_000


@pytest.mark.parametrize("body", [b"", b"  ", b"{}"])
async def test_a_verb_without_anything_to_say_needs_no_body(face: Face, body: bytes) -> None:
    headers = await face.sign_in("li") | (JSON if body else {})
    answer = await face.http.post("/v1/incidents/i-1:claim", content=body, headers=headers)
    assert answer.status_code == 200


TOKENS: list[dict[str, Any]] = [
    {},
    {"Authorization": "Basic bGk6eA=="},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer nonsense"},
    {"Authorization": "Bearer \u00fc"},
]


@pytest.mark.parametrize("headers", TOKENS, ids=str)
async def test_no_token_or_a_wrong_one(face: Face, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = await face.http.get("/v1/inbox", headers=raw)
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"

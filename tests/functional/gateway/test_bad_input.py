"""Everything wrong that a stranger can send, and the exact answer to each."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.functional.gateway.conftest import Face
from tests.gateway import PASSWORD, STATION, STATION_KEY
from tests.unnamed import require_field

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
    again: tuple[tuple[str, str], ...] = ()


def with_header(name: str, value: str) -> dict[str, str]:
    return {**JSON, name: value}


BAD = [
    # the body
    Bad("not JSON", 400, "MALFORMED_JSON", "", body=b'{"text": '),
    Bad("not an object", 400, "NOT_AN_OBJECT", "", body=b"[]"),
    Bad("a lone surrogate", 400, "MALFORMED_JSON", "", body=rb'{"text":"\ud800"}'),
    Bad("broken UTF-8", 400, "BROKEN_UTF8", "", body=b'{"text":"\xff\xfe"}'),
    Bad("UTF-16", 400, "BROKEN_UTF8", "", body='{"text":"x"}'.encode("utf-16")),
    Bad("an unknown field", 400, "UNKNOWN_FIELD", "txet", body=b'{"txet":"x"}'),
    Bad("a path field again", 400, "UNKNOWN_FIELD", "incident_id", body=b'{"incident_id":"i-2"}'),
    Bad("a number as text", 400, "WRONG_TYPE", "text", body=b'{"text":1}'),
    Bad("a text as a flag", 400, "WRONG_TYPE", "public", body=b'{"public":"true"}'),
    Bad("null for a text", 400, "WRONG_TYPE", "text", body=b'{"text":null}'),
    Bad("NUL", 400, "NUL_CHARACTER", "text", body=rb'{"text":"a\u0000b"}'),
    Bad("ESC", 400, "CONTROL_CHARACTER", "text", body=rb'{"text":"a\u001b[31mb"}'),
    Bad("a bidi override", 400, "CONTROL_CHARACTER", "text", body=rb'{"text":"a\u202eb"}'),
    Bad("zero width and fillers", 422, "TEXT_MISSING", "text", body=rb'{"text":"\u200b\u3164 "}'),
    Bad("nothing where a text must be", 422, "TEXT_MISSING", "text"),
    Bad("too long a text", 422, "TEXT_TOO_LONG", "text", body=b'{"text":"' + b"x" * 5_001 + b'"}'),
    Bad("a field twice", 400, "REPEATED_FIELD", "text", body=b'{"text":"a","text":"b"}'),
    Bad("a field twice in disguise", 400, "REPEATED_FIELD", "text",
        body=rb'{"text":"a","te\u0078t":"b"}'),
    Bad("a field twice in a part", 400, "REPEATED_FIELD", "place.point.latitude",
        path="/v1/receipts",
        body=b'{"place":{"point":{"latitude":1,"longitude":2,"latitude":3}}}'),
    Bad("a field twice in a list", 400, "REPEATED_FIELD", "parties[1].name", path="/v1/disputes",
        body=b'{"parties":[{"name":"a"},{"name":"b","name":"c"}]}'),
    Bad("UTF-16 with its mark", 400, "BROKEN_UTF8", body='{"text": "x"}'.encode("utf-16")),
    Bad("two marks of byte order", 400, "MALFORMED_JSON", "", body=b"\xef\xbb\xbf" * 2 + b"{}"),
    Bad("a field that an account needs", 400, "FIELD_MISSING", "password", path="/v1/sessions",
        body=b'{"user":"a"}'),
    Bad("no object at an account", 400, "NOT_AN_OBJECT", "", path="/v1/sessions", body=b"false"),
    Bad("deep nesting", 400, "MALFORMED_JSON", "", body=b'{"text":' + b"[" * 100_000),
    Bad("10 MB of text", 413, "BODY_TOO_LARGE", body=b'{"text":"' + b"x" * 10_000_000 + b'"}'),
    # its kind
    Bad("a form", 415, "NOT_JSON", body=b"text=x", headers={
        "Content-Type": "application/x-www-form-urlencoded"}),
    Bad("no kind at all", 415, "NOT_JSON", headers={}),
    Bad("another charset", 415, "NOT_JSON", headers={
        "Content-Type": "application/json; charset=gb2312"}),
    Bad("compressed", 415, "ENCODED_BODY", "Content-Encoding",
        headers=with_header("Content-Encoding", "gzip")),
    # headers
    Bad("a bare version", 400, "MALFORMED_IF_MATCH", headers=with_header("If-Match", "3")),
    Bad("a weak version", 400, "MALFORMED_IF_MATCH", headers=with_header("If-Match", 'W/"3"')),
    Bad("a huge version", 400, "MALFORMED_IF_MATCH", headers=with_header(
        "If-Match", f'"{"9" * 30}"')),
    Bad("an empty key", 400, "MALFORMED_IDEMPOTENCY_KEY", headers=with_header(
        "Idempotency-Key", "")),
    Bad("a key with a space", 400, "MALFORMED_IDEMPOTENCY_KEY", "Idempotency-Key",
        headers=with_header("Idempotency-Key", "a b")),
    Bad("a long key", 400, "MALFORMED_IDEMPOTENCY_KEY", headers=with_header(
        "Idempotency-Key", "k" * 129)),
    Bad("a broken purpose", 400, "MALFORMED_PURPOSE", headers=with_header(
        "Liandong-Purpose", "%ff")),
    Bad("two keys", 400, "REPEATED_HEADER", "Idempotency-Key", again=(
        ("Idempotency-Key", "a"), ("idempotency-key", "b"))),
    Bad("two purposes", 400, "REPEATED_HEADER", "Liandong-Purpose", again=(
        ("Liandong-Purpose", "a"), ("Liandong-Purpose", "a"))),
    Bad("two versions", 400, "REPEATED_HEADER", "If-Match", again=(
        ("If-Match", '"1"'), ("If-Match", '"2"'))),
    Bad("two kinds of content", 400, "REPEATED_HEADER", "Content-Type", again=(
        ("content-type", "text/plain"),)),
    Bad("two tokens", 400, "REPEATED_HEADER", "Authorization", again=(
        ("Authorization", "Bearer x"),)),
    # the address
    Bad("an unknown parameter", 400, "UNKNOWN_FIELD", "verbose", path=f"{REPORT}?verbose=1"),
    Bad("an unknown filter", 400, "UNKNOWN_FIELD", "colour", "GET", "/v1/inbox?colour=red"),
    Bad("a device that is misspelt", 400, "UNKNOWN_FIELD", "devise", "GET",
        "/v1/teams/team-7/stream?devise=cab"),
    Bad("a filter of live changes", 400, "UNKNOWN_FIELD", "unit", "GET", "/v1/changes?unit=u"),
    Bad("a filter of deputies", 400, "UNKNOWN_FIELD", "unit", "GET", "/v1/deputies?unit=u"),
    Bad("a parameter of a session", 400, "UNKNOWN_FIELD", "all", "DELETE",
        "/v1/sessions/current?all=1"),
    Bad("a parameter of a password", 400, "UNKNOWN_FIELD", "force", "POST",
        "/v1/account:changePassword?force=1"),
    Bad("an unknown state", 400, "UNKNOWN_VALUE", "state", "GET", "/v1/inbox?state=LOST"),
    Bad("a size that is none", 400, "WRONG_TYPE", "page_size", "GET", "/v1/inbox?page_size=many"),
    Bad("a size below nothing", 400, "OUT_OF_RANGE", "page_size", "GET", "/v1/inbox?page_size=-1"),
    Bad("a size too large", 400, "OUT_OF_RANGE", "page_size", "GET",
        "/v1/inbox?page_size=99999999999"),
    Bad("a filter twice", 400, "REPEATED_PARAMETER", "state", "GET",
        "/v1/inbox?state=OFFERED&state=CLAIMED"),
    Bad("broken UTF-8 in a filter", 400, "BROKEN_UTF8", "unit", "GET", "/v1/inbox?unit=%ff"),
    Bad("a filter that shows nothing", 400, "WRONG_LENGTH", "unit", "GET",
        "/v1/inbox?unit=%E2%80%8B"),
    Bad("a filter that filters nothing", 400, "UNKNOWN_VALUE", "overdue", "GET",
        "/v1/inbox?overdue=false"),
    Bad("a source of nobody", 400, "UNKNOWN_VALUE", "source", "GET", "/v1/incidents?source=alarm"),
    Bad("a code of nothing", 422, "WRONG_FORMAT", "code", "GET", "/v1/incidents?code=xx"),
    Bad("a size as programs write it", 400, "WRONG_TYPE", "page_size", "GET",
        "/v1/inbox?page_size=1_0"),
    Bad("a period upside down", 422, "PERIOD_UPSIDE_DOWN", "to_time", "GET",
        "/v1/incidents?from_time=2026-11-29T08:00:00Z&to_time=2026-11-28T08:00:00Z"),
    Bad("NUL in a filter", 400, "NUL_CHARACTER", "unit", "GET", "/v1/inbox?unit=%00"),
    Bad("a bidi override in a filter", 400, "CONTROL_CHARACTER", "holder", "GET",
        "/v1/inbox?holder=%E2%80%AE"),
    Bad("a token that nobody gave", 422, "BAD_PAGE_TOKEN", "page_token", "GET",
        "/v1/inbox?page_token=!"),
    Bad("a purpose in raw bytes", 400, "MALFORMED_PURPOSE", headers=with_header(
        "Liandong-Purpose", "\u00e5\u009b\u009e")),
    Bad("a purpose with a control character", 400, "MALFORMED_PURPOSE", headers=with_header(
        "Liandong-Purpose", "%1b")),
    Bad("NUL in an id", 400, "NUL_CHARACTER", "incident_id", "GET", "/v1/incidents/%00"),
    Bad("broken UTF-8 in an id", 400, "BROKEN_UTF8", "incident_id", "GET", "/v1/incidents/%ff"),
    Bad("a path of nobody", 404, "NO_SUCH_PATH", None, "GET", "/v1/nothing"),
    Bad("an unknown verb", 404, "NO_SUCH_PATH", None, "POST", "/v1/incidents/i-1:explode"),
    Bad("another method", 405, "METHOD_NOT_ALLOWED", None, "PATCH", "/v1/incidents/i-1"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
async def test_each_flaw_is_named(face: Face, bad: Bad) -> None:
    user = "zhao" if bad.path in ("/v1/receipts", "/v1/disputes") else "li"
    headers = [*(await face.sign_in(user)).items(), *bad.headers.items(), *bad.again]
    body = bad.body if bad.method == "POST" else None
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = await face.http.request(bad.method, bad.path, content=body, headers=raw)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (bad.status, bad.status), problem
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["reason"] == bad.reason
    assert problem["title"] and problem["detail"] and "{" not in problem["detail"]
    require_field(problem)
    if bad.flaw is not None:
        [told] = problem["errors"]
        assert (told["field"], told["reason"]) == (bad.flaw, bad.reason)
    assert face.incidents.asked == []


@pytest.mark.parametrize("body", ['{"text": "已到现场"}', ' {"text": "已到现场", "public": true}'])
async def test_a_mark_of_byte_order_before_utf_8_is_read_over(face: Face, body: str) -> None:
    """What Windows writes before UTF-8; RFC 8259 lets a reader ignore it."""
    headers = await face.sign_in("li") | JSON
    content = body.encode("utf-8-sig")
    assert content.startswith(b"\xef\xbb\xbf")
    answer = await face.http.post(REPORT, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    [(_, said, *_)] = face.incidents.asked
    assert said.text == "已到现场"


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


async def test_all_broken_rules_are_told_at_once(face: Face) -> None:
    headers = await face.sign_in("li") | {"Accept-Language": "en"}
    body = {"to_unit": "u" * 101, "reason": "\u2800"}
    answer = await face.http.post("/v1/incidents/i-1:handOff", json=body, headers=headers)
    assert answer.status_code == 422
    assert [(flaw["field"], flaw["detail"]) for flaw in answer.json()["errors"]] == [
        ("to_unit", "The text has 101 characters; at most 100 are allowed."),
        ("reason", "Give a reason."),
    ]


PEOPLE = {
    "raw bytes": b"\xe7\x8e\x8b",
    "nothing": b"",
    "blanks": b"%20%E3%80%80",
    "zero width": b"%E2%80%8B",
    "NUL": b"li%00",
    "a bidi override": b"li%E2%80%AE",
    "broken UTF-8": b"%ff",
    "half an escape": b"li%E",
    "no escape": b"100%GG",
    "a novel": b"x" * 101,
}


@pytest.mark.parametrize("person", PEOPLE.values(), ids=PEOPLE)
async def test_a_person_who_is_none_is_refused(face: Face, person: bytes) -> None:
    headers = [(b"Authorization", f"Bearer {STATION_KEY}".encode()), (b"Liandong-Person", person)]
    answer = await face.http.get("/v1/incidents/i-1", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "MALFORMED_PERSON")
    assert face.incidents.asked == []


async def test_a_person_is_named_without_margins(face: Face) -> None:
    key = {"Authorization": f"Bearer {STATION_KEY}"}
    for person in ("%E7%8E%8B", "%20%E7%8E%8B%E2%80%8B%20"):
        headers = key | {"Liandong-Person": person}
        assert (await face.http.get("/v1/incidents/i-1", headers=headers)).status_code == 200
    assert {caller.actor.user for _, _, caller in face.incidents.asked} == {f"{STATION}/王"}


async def test_a_person_written_in_two_ways_is_one_person(face: Face) -> None:
    key = {"Authorization": f"Bearer {STATION_KEY}"}
    for person in ("Ren%C3%A9", "Rene%CC%81"):
        headers = key | {"Liandong-Person": person}
        assert (await face.http.get("/v1/incidents/i-1", headers=headers)).status_code == 200
    assert {caller.actor.user for _, _, caller in face.incidents.asked} == {f"{STATION}/René"}


async def test_a_person_is_named_once(face: Face) -> None:
    key = ("Authorization", f"Bearer {STATION_KEY}")
    headers = [key, ("Liandong-Person", "li"), ("Liandong-Person", "zhao")]
    answer = await face.http.get("/v1/incidents/i-1", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "REPEATED_HEADER")
    assert [flaw["field"] for flaw in answer.json()["errors"]] == ["Liandong-Person"]


@pytest.mark.parametrize("name", ["user", "password"])
@pytest.mark.parametrize(
    ("character", "reason"), [("\0", "NUL_CHARACTER"), ("\u202e", "CONTROL_CHARACTER")]
)
async def test_a_sign_in_keeps_to_the_same(
    face: Face, name: str, character: str, reason: str
) -> None:
    said = {"user": "li", "password": PASSWORD} | {name: f"a{character}"}
    problem = (await face.http.post("/v1/sessions", json=said)).json()
    assert (problem["status"], problem["reason"]) == (400, reason)
    assert [flaw["field"] for flaw in problem["errors"]] == [name]


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

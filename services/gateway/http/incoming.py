"""Reads body, query and headers of a request; a refusal names each flaw."""

import asyncio
import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, unquote
from uuid import uuid4

from pydantic_core import SchemaValidator, ValidationError
from starlette.requests import Request

from backbone.rpc.caller import LONGEST_PURPOSE
from backbone.rpc.rules import require_texts
from backbone.words.errors import Flaw, InvalidArgument
from backbone.words.texts import refused_character, shows_nothing, trimmed
from services.gateway.http.broken_json import where_broken
from services.gateway.http.problems import Problem

MOST_BYTES = 1_048_576
MOST_READ_OUT = 256 * MOST_BYTES
PATIENCE_TO_REFUSE = 5.0
# Seconds for a whole body: limits clients that send a few bytes a minute.
PATIENCE = 30.0
ETAG = re.compile(r'"(\d{1,18})"')
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
LITERAL = re.compile(r"'([^']*)'")
# The headers that have one value. The parser itself refuses a second Content-Length.
SINGLE = (
    *("Host", "Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Expect"),
    *("Authorization", "Liandong-Person", "Liandong-Deputy-For", "Liandong-Purpose"),
    *("Idempotency-Key", "If-Match", "Last-Event-ID", "traceparent"),
)
KEY = re.compile(r"[\x21-\x7e]{1,128}")
# Stable reasons by pydantic's type of error; all other types mean WRONG_TYPE.
FLAWS = {
    "extra_forbidden": "UNKNOWN_FIELD",
    "missing": "FIELD_MISSING",
    "string_too_short": "WRONG_LENGTH",
    "string_too_long": "WRONG_LENGTH",
    "literal_error": "UNKNOWN_VALUE",
    "greater_than_equal": "OUT_OF_RANGE",
    "less_than_equal": "OUT_OF_RANGE",
    "finite_number": "OUT_OF_RANGE",
    "timezone_aware": "ZONE_MISSING",
    "datetime_parsing": "NOT_A_TIME",
    "datetime_from_date_parsing": "NOT_A_TIME",
}

# The type that a field should have held, by the first word of pydantic's type of error.
TYPES = {
    "bool": "true or false",
    "bytes": "base64 text",
    "datetime": "time",
    "dict": "object",
    "float": "number",
    "int": "whole number",
    "list": "list",
    "string": "text",
}


async def read_body(request: Request) -> bytes:
    """The JSON text; `{}` for an empty body. Raises Problem 408, 413, 415."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        # A client with `Expect: 100-continue` has sent nothing yet.
        if int(declared) <= MOST_READ_OUT and "expect" not in request.headers:
            await _read_out(request)
        raise _too_large()
    if not request.headers.get("content-type") and declared == "0":
        declared = request.headers.get("transfer-encoding", "0")
    if declared != "0":
        require_json(request)
    try:
        async with asyncio.timeout(PATIENCE):
            body = await _read(request)
    except TimeoutError as error:
        raise Problem(408, "BODY_TOO_SLOW", headers={"Connection": "close"}) from error
    body = body.removeprefix(BOM_UTF8)  # RFC 8259 8.1: a reader may ignore it
    return body if body.strip() else b"{}"


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _too_large()
    return bytes(body)


async def _read_out(request: Request) -> None:
    """Read and discard the body, as a client that is cut off while sending misses the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_TO_REFUSE):
            async for _ in request.stream():
                pass


def _too_large() -> Problem:
    # The body may not have been read to its end, so the connection cannot be reused.
    return Problem(413, "BODY_TOO_LARGE", {"bytes": MOST_BYTES}, headers={"Connection": "close"})


def require_json(request: Request) -> None:
    """Raises Problem 415 unless the content is JSON in UTF-8."""
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('" ')
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise Problem(
            415, "ENCODED_BODY", {"given": encoding}, headers={"Accept-Encoding": "identity"}
        )
    if kind.strip() != "application/json" or charset not in ("", "utf-8"):
        facts = {"content_type": request.headers.get("content-type", "")}
        raise Problem(415, "NOT_JSON", facts, headers={"Accept": "application/json"})


def parse_body(reader: SchemaValidator, body: bytes) -> dict[str, Any]:
    """The fields of a JSON body. Raises Problem 400, naming each flaw and repeated member."""
    try:
        values: dict[str, Any] = reader.validate_json(body)
    except ValidationError as error:
        raise _malformed(error, _broken_text(body), body) from error
    twice = [Flaw(path, "REPEATED_FIELD") for path in _repeated(body)]
    if twice:
        raise Problem(400, "REPEATED_FIELD", {"field": twice[0].field}, twice)
    return values


def _repeated(body: bytes) -> list[str]:
    """The paths of members that stand twice in one object. The validator silently keeps the last
    one; another reader of the same text might keep the first."""
    twice: list[tuple[dict[str, Any], list[str]]] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            counted = Counter(name for name, _ in pairs)
            twice.append((members, [name for name, count in counted.items() if count > 1]))
        return members

    # Numbers stay texts: the validator has checked them, and int() refuses very many digits.
    whole = json.loads(body, object_pairs_hook=members, parse_int=str, parse_float=str)
    if not twice:
        return []
    names = {id(members): repeated for members, repeated in twice}
    paths = [_path((*at, name)) for at, part in _objects(whole) for name in names.get(id(part), ())]
    return paths or [name for _, repeated in twice for name in repeated]


def _objects(part: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(part, dict):
        yield at, part
    inner = part.items() if isinstance(part, dict) else enumerate(part)
    for name, value in inner:
        if isinstance(value, dict | list):
            yield from _objects(value, (*at, name))


def parse_texts(reader: SchemaValidator, texts: Any) -> dict[str, Any]:
    """The fields of path or query texts. Raises Problem 400, naming each flaw."""
    try:
        values: dict[str, Any] = reader.validate_strings(texts)
    except ValidationError as error:
        raise _malformed(error, "MALFORMED_JSON") from error
    return values


def require_plain(texts: Mapping[str, Any]) -> None:
    """Check texts that no service checks. Raises Problem 400 for a control character."""
    try:
        require_texts({name: text for name, text in texts.items() if isinstance(text, str)})
    except InvalidArgument as refusal:
        raise Problem(400, refusal.reason, refusal.facts, refusal.flaws) from refusal


def require_headers(request: Request) -> None:
    """Raises Problem 400 for a header of one value that stands twice: we would read one of them,
    and a proxy on the way the other; and for a request that names no host (RFC 9112, 3.2)."""
    names = [name for name, _ in request.scope["headers"]]
    if len({*names}) < len(names):
        counted = Counter(names)
        for name in SINGLE:
            if counted[name.lower().encode()] > 1:
                raise malformed_header(name, "REPEATED_HEADER")
    if b"host" not in names and request.scope.get("http_version") == "1.1":
        raise malformed_header("Host", "HOST_MISSING")


def malformed_header(name: str, reason: str) -> Problem:
    return Problem(400, reason, {"field": name}, [Flaw(name, reason)])


def header_text(raw: str, longest: int) -> str | None:
    """The decoded, trimmed text of a percent-encoded header, composed (NFC) so that one name is
    one name. None if it has raw non-ASCII bytes, a broken escape, broken UTF-8, control characters
    or more than `longest` characters.
    """
    if not raw.isascii() or BROKEN_ESCAPE.search(raw):
        return None
    try:
        text = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return None
    text = normalize("NFC", text)
    if refused_character(text) or len(text) > longest:
        return None
    return "" if shows_nothing(text) else trimmed(text)


def write_metadata(request: Request) -> list[tuple[str, str]]:
    """Idempotency key and expected version as metadata. Raises Problem 400 if malformed."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        key = uuid4().hex  # so that the gateway's retries count as one request
    elif not KEY.fullmatch(key):
        raise malformed_header("Idempotency-Key", "MALFORMED_IDEMPOTENCY_KEY")
    metadata = [("idempotency-key", quote(key))]
    version = request.headers.get("If-Match")
    if version is not None and version != "*":
        match = ETAG.fullmatch(version)
        if match is None:
            raise malformed_header("If-Match", "MALFORMED_IF_MATCH")
        metadata.append(("liandong-expected-version", match[1]))
    return metadata


def purpose_of(request: Request) -> str:
    """The stated purpose of a disclosure. Raises Problem 400 for a malformed header."""
    given = request.headers.get("Liandong-Purpose", "")
    purpose = header_text(given, LONGEST_PURPOSE)
    if purpose is None:
        raise malformed_header("Liandong-Purpose", "MALFORMED_PURPOSE")
    return purpose


def _malformed(error: ValidationError, text_flaw: str, body: bytes = b"") -> Problem:
    flaws = [_flaw(line, text_flaw, body) for line in error.errors(include_url=False)]
    return Problem(400, flaws[0].reason, {"field": flaws[0].field, **flaws[0].facts}, flaws)


def _flaw(line: Any, text_flaw: str, body: bytes) -> Flaw:
    kind, where = line["type"], _path(line["loc"])
    if kind == "json_invalid":
        return Flaw(where, text_flaw, where_broken(str(line.get("ctx", {}).get("error", "")), body))
    reason = FLAWS.get(kind, "WRONG_TYPE")
    if reason == "UNKNOWN_VALUE":
        return Flaw(
            where, reason, {"expected": ", ".join(LITERAL.findall(line["ctx"]["expected"]))}
        )
    if reason != "WRONG_TYPE":
        return Flaw(where, reason)
    if not where:
        return Flaw(where, "NOT_AN_OBJECT")
    return Flaw(where, reason, {"expected": TYPES.get(kind.partition("_")[0], "other value")})


def _path(parts: Sequence[Any]) -> str:
    """A readable path such as `items[0].name`."""
    text = "".join(f"[{part}]" if str(part).isdecimal() else f".{part}" for part in parts)
    return text.removeprefix(".")


def _broken_text(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "BROKEN_UTF8"
    return "MALFORMED_JSON"

"""What a request brings, read with care: body, query and headers, each flaw named."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from uuid import uuid4

from pydantic_core import SchemaValidator, ValidationError
from starlette.requests import Request

from services.gateway.http.problems import Flaw, Problem

MOST_BYTES = 1_048_576
MOST_READ_OUT = 64 * MOST_BYTES
PATIENCE_TO_REFUSE = 5.0
# Nobody may hold a connection open by sending a letter a minute.
PATIENCE = 30.0
ETAG = re.compile(r'"(\d{1,18})"')
KEY = re.compile(r"[\x20-\x7e]{1,128}")
LONGEST_PURPOSE = 200
# What pydantic calls a flaw → our stable reason; all others are WRONG_TYPE.
FLAWS = {
    "extra_forbidden": "UNKNOWN_FIELD",
    "missing": "FIELD_MISSING",
    "string_too_short": "WRONG_LENGTH",
    "string_too_long": "WRONG_LENGTH",
    "literal_error": "UNKNOWN_VALUE",
    "string_pattern_mismatch": "NUL_CHARACTER",
    "greater_than_equal": "OUT_OF_RANGE",
    "less_than_equal": "OUT_OF_RANGE",
    "finite_number": "OUT_OF_RANGE",
    "timezone_aware": "ZONE_MISSING",
    "datetime_parsing": "NOT_A_TIME",
    "datetime_from_date_parsing": "NOT_A_TIME",
}

EXPECTING = ("WRONG_TYPE", "UNKNOWN_VALUE")


async def read_body(request: Request) -> bytes:
    """The JSON text, `{}` where there is none. Raises Problem 408, 413, 415."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        await _read_out(request, int(declared))
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
    return body if body.strip() else b"{}"


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _too_large()
    return bytes(body)


async def _read_out(request: Request, size: int) -> None:
    """Let the client finish: one that is cut off while it sends never hears why. Whoever asks
    first whether to send at all is simply told no."""
    if size > MOST_READ_OUT or "expect" in request.headers:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_TO_REFUSE):
            async for _ in request.stream():
                pass


def _too_large() -> Problem:
    # Perhaps not all of the body was read, so the connection cannot be used again.
    return Problem(413, "BODY_TOO_LARGE", {"bytes": MOST_BYTES}, headers={"Connection": "close"})


def require_json(request: Request) -> None:
    """Raises Problem 415 for anything but plain UTF-8 JSON."""
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('" ')
    encoding = request.headers.get("content-encoding", "identity").lower()
    if kind.strip() != "application/json" or charset not in ("", "utf-8") or encoding != "identity":
        facts = {"content_type": request.headers.get("content-type", "")}
        raise Problem(415, "NOT_JSON", facts, headers={"Accept": "application/json"})


def parse_body(reader: SchemaValidator, body: bytes) -> dict[str, Any]:
    """Raises Problem 400 that names each flaw."""
    try:
        values: dict[str, Any] = reader.validate_json(body)
    except ValidationError as error:
        raise _malformed(error, _broken_text(body)) from error
    return values


def parse_texts(reader: SchemaValidator, texts: Any) -> dict[str, Any]:
    """Raises Problem 400 that names each flaw."""
    try:
        values: dict[str, Any] = reader.validate_strings(texts)
    except ValidationError as error:
        raise _malformed(error, "MALFORMED_JSON") from error
    return values


def read_query(request: Request, lists: frozenset[str]) -> dict[str, str | dict[str, str]]:
    """A list as its members by number. Raises Problem 400 for broken UTF-8, and for a parameter
    said twice that is no list."""
    query: bytes = request.scope["query_string"]
    texts: dict[str, str | dict[str, str]] = {}
    if not query:
        return texts
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise Problem(400, "BROKEN_UTF8") from error
    for name, text in pairs:
        if name in lists:
            said = texts.setdefault(name, {})
            assert isinstance(said, dict)
            said[str(len(said))] = text
        elif name in texts:
            raise Problem(400, "REPEATED_PARAMETER", errors=[Flaw(name, "REPEATED_PARAMETER")])
        else:
            texts[name] = text
    return texts


def read_path(request: Request) -> dict[str, str]:
    """Raises Problem 400 for broken UTF-8, which the server has already replaced."""
    path: dict[str, str] = request.path_params
    if any("\ufffd" in text for text in path.values()):
        raise Problem(400, "BROKEN_UTF8")
    return path


def write_metadata(request: Request) -> list[tuple[str, str]]:
    """Key and expected version as metadata. Raises Problem 400 for a malformed header."""
    key = request.headers.get("idempotency-key")
    if key is None:
        key = uuid4().hex  # so that our own repeats of the call are one request
    elif not KEY.fullmatch(key):
        raise Problem(400, "MALFORMED_IDEMPOTENCY_KEY")
    metadata = [("idempotency-key", quote(key))]
    version = request.headers.get("if-match")
    if version is not None and version != "*":
        match = ETAG.fullmatch(version)
        if match is None:
            raise Problem(400, "MALFORMED_IF_MATCH")
        metadata.append(("liandong-expected-version", match[1]))
    return metadata


def purpose_of(request: Request) -> str:
    """Why personal data is asked for. Raises Problem 400 for a malformed header."""
    try:
        purpose = unquote(request.headers.get("liandong-purpose", ""), errors="strict").strip()
    except UnicodeDecodeError as error:
        raise Problem(400, "MALFORMED_PURPOSE") from error
    if not purpose.isprintable() or len(purpose) > LONGEST_PURPOSE:
        raise Problem(400, "MALFORMED_PURPOSE")
    return purpose


def _malformed(error: ValidationError, text_flaw: str) -> Problem:
    flaws = [_flaw(line, text_flaw) for line in error.errors(include_url=False)]
    return Problem(400, flaws[0].reason, {"field": flaws[0].field, **flaws[0].facts}, flaws)


def _flaw(line: Any, text_flaw: str) -> Flaw:
    kind, where = line["type"], _path(line["loc"])
    if kind == "json_invalid":
        return Flaw(where, text_flaw, {"cause": line["ctx"]["error"]} if "ctx" in line else {})
    expected = line.get("ctx", {}).get("expected", kind.partition("_")[0])
    expected = expected.replace("'", "").replace(" or ", ", ")
    facts = {"expected": expected} if FLAWS.get(kind, "WRONG_TYPE") in EXPECTING else {}
    return Flaw(where, FLAWS.get(kind, "WRONG_TYPE"), facts)


def _path(parts: Sequence[Any]) -> str:
    """`items[0].name`, as a person writes it."""
    text = "".join(f"[{part}]" if str(part).isdecimal() else f".{part}" for part in parts)
    return text.removeprefix(".")


def _broken_text(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "BROKEN_UTF8"
    return "MALFORMED_JSON"

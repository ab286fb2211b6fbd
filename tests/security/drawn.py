"""Requests drawn from the OpenAPI document, and what is wrong with an answer to one."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

from tests.servers import PLAIN

# Requests of each operation: valid ones, and others; `make attack` draws more.
TIMES = int(os.environ.get("ATTACK_EXAMPLES") or 1)
LONGEST_WAIT = 3  # seconds
EXAMPLES = {GenerationMode.POSITIVE: 2 * TIMES, GenerationMode.NEGATIVE: TIMES}
JSON, STREAM = "application/json", "text/event-stream"


@dataclass(frozen=True)
class Drawn:
    """One request; `valid`: it keeps to its schema."""

    label: str
    request: Mapping[str, Any]
    responses: Mapping[str, Any]
    valid: bool


@dataclass
class Found:
    """The counts, and each flaw once with its first request."""

    answers: Counter[int] = field(default_factory=Counter)
    flaws: dict[str, str] = field(default_factory=dict)


def drawn(base: str) -> list[Drawn]:
    """Requests of every operation: valid ones and others; streams are left out."""
    document = httpx.get(f"{base}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    found: list[Drawn] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        responses = document["paths"][operation.path][operation.method]["responses"]
        if STREAM in responses.get("200", {}).get("content", {}):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for case in _cases(operation, mode):
                sent = case.as_transport_kwargs(base_url=base)
                is_valid = mode is GenerationMode.POSITIVE
                found.append(Drawn(operation.label, _sendable(sent), responses, is_valid))
    return found


def _cases(operation: Any, mode: GenerationMode) -> list[Any]:
    cases: list[Any] = []

    @settings(
        max_examples=EXAMPLES[mode],
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        cases.append(case)

    try:
        collect()
    except Exception as error:
        if mode is GenerationMode.POSITIVE:
            raise AssertionError(f"{operation.label} cannot be drawn") from error
    return cases


def _sendable(sent: Mapping[str, Any]) -> dict[str, Any]:
    names = ("method", "url", "params", "json", "content", "headers")
    kept = {name: sent[name] for name in names if sent.get(name) is not None}
    if "data" in sent:
        kept["content"] = sent["data"]
    kept["headers"] = dict(kept.get("headers", {}))
    return kept


async def send_all(base: str, requests: list[Drawn], token: str, source: str) -> Found:
    """Send them as the holder of the token, and judge every answer."""
    found, room = Found(), asyncio.Semaphore(4)
    transport = httpx.AsyncHTTPTransport(local_address=source, verify=PLAIN)
    async with httpx.AsyncClient(transport=transport, base_url=base, timeout=20) as http:

        async def one(each: Drawn) -> None:
            async with room:
                answer = await _send(http, each, token)
            if answer is not None:
                found.answers[answer.status_code] += 1
                for flaw in flaws_of(each, answer):
                    found.flaws.setdefault(f"{each.label}: {flaw}", _shown(each, answer))

        await asyncio.gather(*(one(each) for each in requests))
    return found


async def _send(http: httpx.AsyncClient, each: Drawn, token: str) -> httpx.Response | None:
    """The answer; None for a request that no client can put on the wire.

    A rate is waited for. The brake on wrong passwords is an answer: its delay grows to a quarter of
    an hour with each that is drawn.
    """
    headers = {**each.request["headers"], "Authorization": f"Bearer {token}"}
    if not token:
        del headers["Authorization"]
    more = {name: value for name, value in each.request.items() if name != "headers"}
    try:
        answer = await http.request(**more, headers=headers)
        while token and (wait := _wait_of(answer)) and wait <= LONGEST_WAIT:
            await asyncio.sleep(wait)
            answer = await http.request(**more, headers=headers)
    except (ValueError, TypeError, httpx.LocalProtocolError, httpx.InvalidURL):
        return None
    return answer


def _wait_of(answer: httpx.Response) -> int:
    """The seconds after which a limit lets the request through; 0 for any other answer."""
    limited = answer.status_code == 429 and _reason(answer) == "RATE_LIMITED"
    return int(answer.headers["Retry-After"]) if limited else 0


def flaws_of(each: Drawn, answer: httpx.Response) -> Iterator[str]:
    status = answer.status_code
    if status >= 500 and (status != 503 or "503" not in each.responses):
        yield f"server error {status}"
    if str(status) not in each.responses:
        # Paths and methods that a negative request changes are no operation any more.
        if not (status in (404, 405) and _is_unmatched(answer)):
            yield f"undocumented {status} {_reason(answer)}"
    elif status >= 400:
        yield from _undocumented_reason(each, answer)
    if each.valid and status == 400:
        yield f"valid and refused as malformed: {_reason(answer)}"
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        yield "no nosniff"


def _is_unmatched(answer: httpx.Response) -> bool:
    return _reason(answer) in ("NO_SUCH_PATH", "METHOD_NOT_ALLOWED")


def _undocumented_reason(each: Drawn, answer: httpx.Response) -> Iterator[str]:
    content = each.responses[str(answer.status_code)].get("content", {})
    problem = content.get("application/problem+json", {}).get("schema", {}).get("allOf", ())
    known = {
        one
        for part in problem
        for one in part.get("properties", {}).get("reason", {}).get("enum", ())
    }
    if known and _reason(answer) not in known:
        yield f"undocumented reason {answer.status_code} {_reason(answer)}"


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("reason", ""))
    except (ValueError, AttributeError):
        return ""


def _shown(each: Drawn, answer: httpx.Response) -> str:
    return f"{str(each.request)[:600]} -> {answer.text[:400]}"

"""Refusals as `application/problem+json` in the caller's language; texts from reasons.yaml."""

import dataclasses
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from msgspec import yaml
from starlette.requests import Request
from starlette.responses import Response

from backbone.words.errors import Flaw
from services.gateway.contract.labels import AS_WRITTEN, OF_FIELDS, labels_of
from services.gateway.contract.naming import ALLOWED, OF_COLLECTION, TIMES, Names
from services.gateway.contract.writing import to_json
from services.gateway.http.located import flaws_in

__all__ = ["FILE", "Flaw", "Problem", "Reasons", "answer_problem", "language_of", "whole_answer"]

FILE = Path(__file__).with_name("reasons.yaml")
# The members of every problem; facts with these names are left out.
MEMBERS = ("type", "title", "status", "detail", "reason", "instance", "errors")
PROBLEM = "application/problem+json"
CITY = timezone(timedelta(hours=8))
# The reasons whose sentences quote what the caller has written.
GIVEN = ("UNKNOWN_", "NO_SUCH_", "NOT_A_MEDIATION_UNIT")


@dataclass
class Problem(Exception):
    """A refusal with HTTP status; `facts` fill the sentences and are members of the answer."""

    status: int
    reason: str
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    errors: Sequence[Flaw] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Reasons:
    """The sentences of `reasons.yaml`: reason → title and detail in both languages. They say the
    names of units and people, not their codes."""

    def __init__(self, names: Names, path: Path = FILE) -> None:
        self.names = names
        self._lines: dict[str, dict[str, str]] = yaml.decode(path.read_bytes())

    def __contains__(self, reason: str) -> bool:
        return reason in self._lines

    def say(  # noqa: PLR0913  # what a sentence is about
        self,
        part: str,
        reason: str,
        status: int,
        language: str,
        facts: Any,
        of: str = "",
        *,
        in_query: bool = False,
    ) -> str:
        """The title or detail; the status gives the text of an unknown (newer) reason.

        `of` is the collection in the path, whose terms count first. `in_query`: of a read, which
        has no fields but query parameters.
        """
        lines = self._lines.get(reason) or self._lines.get(
            f"HTTP_{status}", self._lines["HTTP_500"]
        )
        given = reason.startswith(GIVEN)
        said = {
            name: _readable(name, self.names.in_words(name, str(fact), language, of, given=given))
            for name, fact in facts.items()
        }
        if language == "zh":
            self._label(reason, said, of, in_query=in_query)
        return lines[f"{part}_{language}"].format_map(_Facts(said))

    def _label(self, reason: str, said: dict[str, str], collection: str, *, in_query: bool) -> None:
        """Put the Chinese words of fields and of the values that they take."""
        if ALLOWED in said:
            said[ALLOWED] = self.names.allowed(said.get("field", ""), said[ALLOWED], collection)
        for name in (OF_FIELDS & said.keys()) if reason not in AS_WRITTEN else ():
            said[name] = labels_of(said[name], collection, in_query=in_query)


class _Facts(dict[str, Any]):
    """Facts in readable form; a missing or empty fact leaves a dash."""

    def __missing__(self, name: str) -> str:
        return "—"


def _readable(name: str, fact: str) -> str:
    if name not in TIMES:
        return fact or "—"
    try:
        return datetime.fromisoformat(fact).astimezone(CITY).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError):
        return fact


@lru_cache(1024)
def language_of(accept: str) -> str:
    """`zh`, unless the header prefers English."""
    wanted = {"zh": 0.0, "en": 0.0}
    for part in accept.split(","):
        tag, _, weight = part.strip().partition(";q=")
        name = tag.strip()[:2].lower()
        if name in wanted:
            wanted[name] = max(wanted[name], _weight(weight))
    return "en" if wanted["en"] > wanted["zh"] else "zh"


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def collection_of(path: str) -> str:
    """The collection that a path such as /v1/receipts/…/call names; of one inside another that
    of the records which it holds, such as supervisions in /v1/inbox/supervisions."""
    parts = [part.partition(":")[0] for part in path.removeprefix("/v1/").split("/")]
    return next((part for part in reversed(parts) if part in OF_COLLECTION), parts[0])


def answer_problem(request: Request, problem: Problem, reasons: Reasons, trace: str) -> Response:
    """The complete answer to a refused request."""
    language = language_of(request.headers.get("accept-language", ""))
    asked = (collection_of(request.url.path), request.method == "GET")
    body = problem_text(problem, reasons, language, trace, *asked)
    headers = {"Content-Language": language, **problem.headers}
    return Response(body, problem.status, headers, PROBLEM)


def problem_text(
    problem: Problem,
    reasons: Reasons,
    language: str,
    trace: str,
    collection: str = "",
    in_query: bool = False,
) -> bytes:
    """The body of the answer: RFC 9457, in the caller's language and in terms of the collection."""

    def say(part: str, reason: str, facts: Any) -> str:
        said = (part, reason, problem.status, language, facts, collection)
        return reasons.say(*said, in_query=in_query)

    flaws = problem.errors or flaws_in(problem.reason, problem.facts, None)
    told = {**problem.facts}
    if flaws and "field" in told:  # in the words of the path that was asked
        told["field"] = flaws[0].field
    facts = {name: fact for name, fact in told.items() if name not in MEMBERS}
    if flaws and flaws[0].reason == problem.reason:  # the sentence is about this field
        told.setdefault("field", flaws[0].field)
    body = {
        **reasons.names.beside(facts),
        "type": f"urn:liandong:problem:{problem.reason}",
        "title": say("title", problem.reason, told),
        "status": problem.status,
        "detail": say("detail", problem.reason, told),
        "reason": problem.reason,
        "instance": f"urn:liandong:trace:{trace}",
        "errors": [
            {
                "field": flaw.field,
                "reason": flaw.reason,
                "detail": say("detail", flaw.reason, {**flaw.facts, "field": flaw.field}),
            }
            for flaw in flaws
        ],
    }
    return to_json(body)


def whole_answer(status: int, reason: str, reasons: Reasons) -> bytes:
    """The bytes of an answer to a request that could not be read to its end."""
    text = problem_text(Problem(status, reason), reasons, "zh", secrets.token_hex(16))
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {PROBLEM}",
        f"Content-Length: {len(text)}",
        "Content-Language: zh",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode() + text

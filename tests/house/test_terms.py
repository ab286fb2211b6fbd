"""Sentences say names and terms: each fact of a Chinese sentence is of a known kind."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.gateway.contract.fields import names_of
from services.gateway.contract.naming import ALLOWED, KINDS, PLAIN, TERMS, TIMES
from services.gateway.contract.plan import plan_of
from services.gateway.http.incoming import TYPES
from services.gateway.routes import AREAS
from services.workflow.incident import waiting
from services.workflow.incident.closing import Finding, VoidReason
from services.workflow.incident.handling import Result
from services.workflow.incident.urging import Urger
from tests.house.sources import reasons
from tests.house.test_reasons import places

# Codes that a contract carries as texts.
TEXTS: dict[str, list[str]] = {
    "outcome": list(Result),
    "solved": list(Finding),
    "reason": [*VoidReason, *waiting.REASONS],
    "urger": list(Urger),
    "type": list(TYPES.values()),
}


def enums() -> Iterator[tuple[str, Any]]:
    """Each field of a request or an answer that holds an enum, with its enum."""
    todo = [
        message
        for area in AREAS
        for route in area.routes
        for method in [plan_of(area, route).method]
        for message in (method.input_type, method.output_type)
    ]
    seen = set()
    while todo:
        message = todo.pop()
        if message.full_name in seen or message.full_name.startswith("google."):
            continue
        seen.add(message.full_name)
        todo += [field.message_type for field in message.fields if field.message_type]
        yield from ((f.name, f.enum_type) for f in message.fields if f.enum_type)


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_each_fact_of_a_sentence_is_of_a_known_kind(reason: str) -> None:
    lines = reasons()[reason]
    known = KINDS.keys() | TERMS.keys() | PLAIN | TIMES | {ALLOWED}
    said = places(lines["title_zh"]) | places(lines["detail_zh"])
    assert said <= known, "add a term table or a kind of name, or declare it plain"


def test_a_fact_is_of_one_kind() -> None:
    assert not KINDS.keys() & (PLAIN | TIMES | TERMS.keys())
    assert not TIMES & (PLAIN | TERMS.keys())


def test_each_value_of_each_enum_has_its_term() -> None:
    every: list[tuple[str, list[str]]] = [
        (name, list(names_of(enum).values())) for name, enum in enums()
    ]
    assert len(every) > 50
    missing = {
        f"{name}: {code}"
        for name, codes in [*every, *TEXTS.items()]
        for code in codes
        if code not in TERMS.get(name, {})
    }
    assert not missing


def test_no_term_is_a_code() -> None:
    for name, terms in TERMS.items():
        for code, term in terms.items():
            assert any("\u4e00" <= letter <= "\u9fff" for letter in term), f"{name}: {code}"

"""Every refusal that any service can raise has its sentences, in both languages."""

import ast
import re
from collections.abc import Iterator

import pytest
from msgspec import yaml

from backbone.words.errors import KINDS
from services.gateway.contract.naming import Names
from services.gateway.contract.words import read_words
from services.gateway.http.problems import FILE, Reasons
from tests.house.sources import calls, shown

LINES = yaml.decode(FILE.read_bytes())
RAISERS = {*KINDS, "Problem", "Flaw", "unauthenticated"}
REASON = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


def raised() -> Iterator[tuple[str, str]]:
    """Where a reason is given as a literal to whatever refuses."""
    for path, call, name in calls():
        if name in RAISERS:
            yield from ((text, f"{shown(path)}:{call.lineno}") for text in _reasons(call))


def _reasons(call: ast.Call) -> Iterator[str]:
    for part in call.args[:2]:
        text = part.value if isinstance(part, ast.Constant) else None
        if isinstance(text, str) and re.fullmatch("[A-Z][A-Z0-9_]+", text):
            yield text


def promised() -> Iterator[tuple[str, str]]:
    """What the comments of the contracts say a call can fail with."""
    for name, words in read_words().items():
        _, _, failures = words.partition("ails with ")
        yield from ((reason, name) for reason in REASON.findall(failures.partition(". ")[0]))


def test_every_reason_has_its_sentences() -> None:
    every = {*raised(), *promised()}
    assert len({reason for reason, _ in every}) > 200
    unknown = sorted((reason, place) for reason, place in every if reason not in LINES)
    assert not unknown, "add these to services/gateway/http/reasons.yaml"


def test_no_reason_stands_twice() -> None:
    given = re.findall(r"^([A-Z0-9_]+):", FILE.read_text("utf-8"), re.MULTILINE)
    assert len(given) == len(set(given))


@pytest.mark.parametrize("reason", LINES)
def test_sentences_are_whole(reason: str) -> None:
    lines = LINES[reason]
    assert set(lines) - {"status"} == {"title_zh", "title_en", "detail_zh", "detail_en"}
    assert all(lines.values())
    facts = [set(re.findall(r"{(\w+)}", lines[f"detail_{tongue}"])) for tongue in ("zh", "en")]
    assert facts[0] == facts[1], "both languages tell the same facts"
    assert not re.search(r"[一-鿿]", lines["title_en"] + lines["detail_en"])


@pytest.mark.parametrize("facts", [{"role": ""}, {}], ids=["empty", "missing"])
def test_a_fact_without_a_value_leaves_a_dash(facts: dict[str, str]) -> None:
    assert "—" in Reasons(Names()).say("detail", "ROLE_MAY_NOT", 403, "zh", facts)

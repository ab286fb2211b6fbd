"""Every refusal that any service can raise has its sentences, in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from backbone.words.errors import KINDS
from services.gateway.contract.naming import Names
from services.gateway.contract.words import read_words
from services.gateway.http.problems import FILE, Reasons

LINES = yaml.safe_load(FILE.read_text("utf-8"))
RAISERS = {*KINDS, "Problem", "Flaw", "unauthenticated"}
REASON = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


def raised() -> Iterator[tuple[str, str]]:
    """Where a reason is given as a literal to whatever refuses."""
    for path in [*Path("services").rglob("*.py"), *Path("libs/backbone").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in RAISERS:
                    yield from ((text, f"{path}:{node.lineno}") for text in _reasons(node))


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


EVERY = sorted({*raised(), *promised()})


@pytest.mark.parametrize("reason", sorted({reason for reason, _ in EVERY}))
def test_a_reason_has_its_sentences(reason: str) -> None:
    places = [place for known, place in EVERY if known == reason]
    assert reason in LINES, f"add {reason} to services/gateway/reasons.yaml; it is used at {places}"


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

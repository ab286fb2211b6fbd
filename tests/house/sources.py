"""The source as data: files, syntax trees, and what they raise and name."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from msgspec import yaml

from backbone.words.errors import KINDS

TOP = Path(__file__).parent.parent.parent
ROOTS = ("services", "libs/backbone", "libs/operate")
# Everything that says no, and where its reason stands among the arguments.
SAYS_NO = dict.fromkeys(KINDS, 0)
GATEWAY_SAYS_NO = {"Problem": 1, "Flaw": 1}


@dataclass(frozen=True)
class Refused:
    """One place that raises a reason, with the facts it gives; None where they cannot be seen."""

    reason: str
    facts: frozenset[str] | None
    where: str


@cache
def sources() -> list[Path]:
    return sorted(path for root in ROOTS for path in (TOP / root).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def shown(path: Path) -> str:
    return str(path.relative_to(TOP))


@cache
def reasons() -> dict[str, dict[str, str]]:
    """The sentences that callers read."""
    told: dict[str, dict[str, str]] = yaml.decode(
        (TOP / "services/gateway/http/reasons.yaml").read_bytes()
    )
    return told


@cache
def topics() -> dict[str, dict[str, object]]:
    declared: dict[str, dict[str, object]] = yaml.decode((TOP / "deploy/topics.yaml").read_bytes())[
        "topics"
    ]
    return declared


@cache
def calls() -> Sequence[tuple[Path, ast.Call, str]]:
    """Each call with the name that is called. Ask for it inside a test: every worker reads the
    modules of all tests, and one of them runs the tests of a module."""
    return tuple(_calls())


def _calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for path in sources():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                yield path, node, name


def constants(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def raised() -> Iterator[Refused]:
    """Every reason that is written as a literal where something is refused."""
    everywhere = SAYS_NO | _functions_that_take_a_reason()
    for path, call, name in calls():
        places = everywhere | (GATEWAY_SAYS_NO if "services/gateway" in str(path) else {})
        reason = _argument(call, places[name]) if name in places else None
        if reason is not None:
            yield Refused(reason, _facts(call, name), f"{shown(path)}:{call.lineno}")


def _functions_that_take_a_reason() -> dict[str, int]:
    """Such as `require_text(text, reason)`: their callers name the reason."""
    found = {}
    for path in sources():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [each.arg for each in node.args.args if each.arg != "self"]
                if "reason" in names and _refuses_with_it(node):
                    found[node.name] = names.index("reason")
    return found


def _refuses_with_it(function: ast.AST) -> bool:
    """Whether the function raises a refusal with the reason that it was given."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in SAYS_NO
        and [ast.unparse(each) for each in node.args[:1]] == ["reason"]
        for node in ast.walk(function)
    )


def _argument(call: ast.Call, index: int) -> str | None:
    named = [each.value for each in call.keywords if each.arg == "reason"]
    given = call.args[index] if index < len(call.args) else next(iter(named), None)
    is_text = isinstance(given, ast.Constant) and isinstance(given.value, str)
    value = given.value if isinstance(given, ast.Constant) and is_text else None
    return value if isinstance(value, str) and value.isupper() else None


def _facts(call: ast.Call, name: str) -> frozenset[str] | None:
    if name not in KINDS or any(each.arg is None for each in call.keywords):
        return None
    return frozenset(each.arg for each in call.keywords if each.arg)

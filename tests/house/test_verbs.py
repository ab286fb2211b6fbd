"""Each verb names exactly the refusals that its code can raise, and its contract says the same."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from google.protobuf.descriptor_pool import Default

import services.gateway.routes  # noqa: F401 - imports the contracts that are looked up by name
from backbone.life_cycle import LifeCycle, Verb
from backbone.rpc.reasons import reasons_of
from backbone.words.errors import Refusal
from services.alarm.receipt import RECEIPTS
from services.dispute.dispute import DISPUTES
from services.emergency.mission import MISSIONS
from services.emergency.team import STATUSES
from services.gateway.contract.words import read_words
from services.petition.petition import PETITIONS
from services.population.care_case import CARE_CASES
from services.workflow.incident import INCIDENTS
from services.workflow.incident.kinds import QUESTIONS
from services.workflow.supervision import SUPERVISIONS
from tests.house.test_shape import AGGREGATES

# Aggregates by the contract's service that answers for their verbs.
LIFE_CYCLES: tuple[tuple[str, LifeCycle[Any, Any]], ...] = (
    ("liandong.alarm.v1.AlarmService", RECEIPTS),
    ("liandong.dispute.v1.DisputeService", DISPUTES),
    ("liandong.emergency.v1.EmergencyService", MISSIONS),
    ("liandong.emergency.v1.EmergencyService", STATUSES),
    ("liandong.incident.v1.IncidentService", INCIDENTS),
    ("liandong.supervision.v1.SupervisionService", SUPERVISIONS),
    ("liandong.petition.v1.PetitionService", PETITIONS),
    ("liandong.population.v1.PopulationService", CARE_CASES),
)
OURS = ("services.", "backbone.words.")
# Refusals of another service that a verb's call hands on, and of an id that names no ticket.
PASSED_ON = {
    "DispatchNow": {"TEAM_OUT_OF_SERVICE", "TEAM_OFF_DUTY", "NOT_STAFFED"},
    "AnswerTicket": {"NO_SUCH_TICKET"},
    "RefuseTicket": {"NO_SUCH_TICKET"},
}
# Said once for the whole service, in the comment of the service itself.
GENERAL = {"STALE_VERSION", "IDEMPOTENCY_KEY_REUSED", "EXPIRED", "INVALID_TRANSITION"}


def verbs() -> list[Any]:
    return [*_verbs()]


def _verbs() -> Iterator[Any]:
    for service, life_cycle in LIFE_CYCLES:
        for command, verb in life_cycle.verbs.items():
            yield pytest.param(service, verb, id=command.__name__)


def test_every_life_cycle_of_a_service_is_looked_at() -> None:
    folders = (f"services.{of}.{name}" for of, names in AGGREGATES.items() for name in names)
    declared = [each for folder in folders for each in vars(import_module(folder)).values()]
    found = [each for each in declared if isinstance(each, LifeCycle)]
    known = [each for _, each in LIFE_CYCLES]
    assert {id(each) for each in found} == {id(each) for each in known} and len(known) == 8


@pytest.mark.parametrize(("service", "verb"), verbs())
def test_a_verb_names_what_its_code_raises(service: str, verb: Verb[Any, Any]) -> None:
    raised = raised_by(verb.decide) | raised_by(verb.otherwise)
    assert set(verb.reasons) == raised


@pytest.mark.parametrize(("service", "verb"), verbs())
def test_the_contract_says_the_same(service: str, verb: Verb[Any, Any]) -> None:
    words = read_words().get(f"{service}.{verb.command.__name__}")
    if words is None:
        return  # a clock or a follower: no call
    _, _, failures = words.partition("ails with ")
    named = set(re.findall(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", failures.partition(". ")[0]))
    general = GENERAL | {each.missing for name, each in LIFE_CYCLES if name == service}
    general |= reasons_of(Default().FindMessageTypeByName(request_of(service, verb)))
    passed_on = PASSED_ON.get(verb.command.__name__, set())
    assert named - general == set(verb.reasons) - general | passed_on


def request_of(service: str, verb: Verb[Any, Any]) -> str:
    """What breaks the rules of a request is refused before its verb hears of it."""
    return f"{service.rpartition('.')[0]}.{verb.command.__name__}Request"


def test_a_reason_stands_once() -> None:
    for _, life_cycle in LIFE_CYCLES:
        for verb in life_cycle.verbs.values():
            assert len(verb.reasons) == len(set(verb.reasons)), verb.command.__name__


def raised_by(function: Any) -> set[str]:
    """The reasons of every refusal that the function, or a function of ours it calls, can raise."""
    return {reason for reason, _ in _raised(function)}


@cache
def _raised(function: Any, seen: tuple[Any, ...] = ()) -> frozenset[tuple[str, str]]:
    if function in seen:
        return frozenset()
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found: set[tuple[str, str]] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = _resolve(node.func, function)
        if isinstance(called, type) and issubclass(called, Refusal):
            found |= {(text, "raise") for text in _texts(node.args[:1])}
        elif inspect.isfunction(called) and called.__module__.startswith(OURS):
            found |= _raised(called, (*seen, function))
            found |= {(text, "given") for text in _given_reasons(node, called)}
            found |= {(text, "kind") for text in _of_question(node, called, function)}
    return frozenset(found)


def _resolve(node: ast.expr, function: Any) -> Any:
    if isinstance(node, ast.Name):
        return function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_resolve(node.value, function), node.attr, None)
    return None


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _given_reasons(call: ast.Call, called: Any) -> Iterator[str]:
    """The constant that is given for a parameter called `reason`."""
    names = [*inspect.signature(called).parameters]
    if "reason" in names:
        yield from _texts(call.args[names.index("reason") : names.index("reason") + 1])
        yield from _texts([each.value for each in call.keywords if each.arg == "reason"])


def _of_question(call: ast.Call, called: Any, function: Any) -> Iterator[str]:
    """What the kind of a question says to an answer without a question, or by another unit."""
    if called.__name__ == "require_answerer":
        kind = QUESTIONS[_resolve(call.args[1], function)]
        yield from (kind.missing, kind.denied)

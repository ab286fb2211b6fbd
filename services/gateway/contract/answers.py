"""The problems that an operation can answer: by status, with their stable reasons.

The reasons of an RPC are in its comment ("Fails with …"), those of all changes in the comment of
its service, those of broken field rules in the rules. The gateway's own reasons follow from the
route. A house test compares the comments with the verbs.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import yaml

from backbone.rpc.reasons import reasons_of
from backbone.rpc.rules import TIMESTAMP
from backbone.words.roles import EVERYONE
from services.gateway.contract.plan import Plan
from services.gateway.http.connections import REFUSALS
from services.gateway.http.problems import FILE

WORD = re.compile(r"\b[A-Z][A-Z0-9_]{3,}\b")

# A connection is closed with one of these before its request is known.
OF_CONNECTIONS = frozenset(REFUSALS)
OF_ALL = {"BROKEN_UTF8", "REPEATED_HEADER", "RATE_LIMITED", "INTERNAL"} | OF_CONNECTIONS
OF_ACCOUNTS = {"NOT_SIGNED_IN", "SESSION_OVER", "MALFORMED_PERSON", "NOT_THE_DEPUTY"}
OF_PARAMETERS = {"UNKNOWN_FIELD", "WRONG_TYPE", "REPEATED_PARAMETER"}
OF_BODIES = {
    "MALFORMED_JSON",
    "NOT_AN_OBJECT",
    "UNKNOWN_FIELD",
    "WRONG_TYPE",
    "REPEATED_FIELD",
    "BODY_TOO_SLOW",
    "BODY_TOO_LARGE",
    "NOT_JSON",
    "ENCODED_BODY",
}
OF_WRITES = {"MALFORMED_IDEMPOTENCY_KEY", "MALFORMED_IF_MATCH", "UNKNOWN_REPEAT"}
OF_TIMES = {"NOT_A_TIME", "ZONE_MISSING"}
# Reasons of services that keep records, and of those that seal parts of them.
OF_RECORDS = {"NEWER_SHAPE"}
OF_CHANGED_RECORDS = {"NEWER_SHAPE", "NEWER_EVENT"}
SEALING = frozenset({"alarm", "petition", "dispute", "population"})
OF_REVEALS = {"PURPOSE_MISSING", "MALFORMED_PURPOSE"}


def problems_of(plan: Plan, words: Mapping[str, str]) -> dict[int, list[str]]:
    """The reasons by status; `words` are the comments of the contracts by full name."""
    reasons = _of_gateway(plan) | _of_service(plan, words)
    return by_status(reasons - {plan.route.empty})


def by_status(reasons: Iterable[str]) -> dict[int, list[str]]:
    """The reasons by status. Raises KeyError for a reason without sentences."""
    found: dict[int, list[str]] = {}
    for reason in sorted(reasons):
        for status in statuses()[reason]:
            found.setdefault(status, []).append(reason)
    return dict(sorted(found.items()))


@cache
def statuses() -> dict[str, tuple[int, ...]]:
    """The statuses of each reason, from `reasons.yaml`; nearly always one."""
    lines = yaml.safe_load(FILE.read_text("utf-8"))
    said = {reason: each["status"] for reason, each in lines.items() if "status" in each}
    return {reason: (at,) if isinstance(at, int) else tuple(at) for reason, at in said.items()}


def _of_gateway(plan: Plan) -> set[str]:
    route = plan.route
    found = set(OF_ALL)
    if not route.public:
        found |= OF_ACCOUNTS | ({"ROLE_MAY_NOT"} if route.roles != EVERYONE else set())
    if plan.query or plan.path_fields:
        found |= OF_PARAMETERS
    if plan.body_without is not None:
        found |= OF_BODIES
    found |= plan.known.reasons
    found |= OF_WRITES if route.is_write else {"SERVICE_AWAY"}
    return found | OF_REVEALS if route.reveals else found


def _of_service(plan: Plan, words: Mapping[str, str]) -> set[str]:
    method, service = plan.method, plan.area.service
    _, _, failures = words.get(method.full_name, "").partition("ails with ")
    found = _named(failures.partition(". ")[0]) | reasons_of(method.input_type)
    if _has_time(method.input_type):
        found |= OF_TIMES
    if service != "directory":
        found |= OF_CHANGED_RECORDS if plan.route.is_write else OF_RECORDS
    if service in SEALING:
        found |= {"SEAL_KEY_MISSING"}
    if plan.route.is_write:
        _, _, general = words.get(method.containing_service.full_name, "").partition("ail with ")
        found |= _named(general)
    return found


def _named(text: str) -> set[str]:
    """The reasons that a comment names."""
    return {word for word in WORD.findall(text) if word in statuses()}


def _has_time(message: Any, seen: frozenset[str] = frozenset()) -> bool:
    inner = [field.message_type for field in message.fields if field.message_type is not None]
    fresh = [each for each in inner if each.full_name not in seen]
    within = seen | {message.full_name}
    return any(each.full_name == TIMESTAMP or _has_time(each, within) for each in fresh)

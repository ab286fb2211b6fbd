"""The problems that an operation can answer: by status, with their stable reasons.

The reasons of an RPC are in its comment ("Fails with …"), those of all changes in the comment of
its service, those of broken field rules in the rules. The gateway's own reasons follow from the
route, or from what `described.yaml` says that an endpoint without RPC takes. A house test compares
the comments with the verbs.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from msgspec import yaml

from backbone.rpc.reasons import reasons_of
from backbone.rpc.rules import TIMESTAMP, rules_of
from backbone.words.errors import EVIDENCE_BROKEN
from backbone.words.roles import EVERYONE
from services.gateway.contract import described
from services.gateway.contract.fields import field_at, items_of
from services.gateway.contract.plan import Plan
from services.gateway.http.connections import REFUSALS
from services.gateway.http.problems import FILE
from services.gateway.http.refusals import AWAY, UNKNOWN

# A record in another state, and a record that there is not.
WRONG_STATE, MISSING = "INVALID_TRANSITION", "NO_SUCH_"

WORD = re.compile(r"\b[A-Z][A-Z0-9_]{3,}\b")

# A connection is closed with one of these before its request is known.
OF_CONNECTIONS = frozenset(REFUSALS)
OF_HEADS = OF_CONNECTIONS | {"REPEATED_HEADER", "HOST_MISSING"}
OF_ALL = {"RATE_LIMITED", "INTERNAL"} | OF_HEADS
OF_RPCS = {"BROKEN_UTF8", "MALFORMED_PURPOSE", "NOT_IMPLEMENTED"}
OF_ACCOUNTS = {
    "NOT_SIGNED_IN",
    "SESSION_OVER",
    "MALFORMED_PERSON",
    "PERSON_IN_DISGUISE",
    "HEADER_OF_OTHERS",
    "NOT_THE_DEPUTY",
    "DEPUTY_OF_OTHER_UNIT",
    "DIRECTORY_NOT_LOADED",
    "SECOND_FACTOR_NOT_ENROLLED",
}
OF_QUERIES = {"BROKEN_UTF8", "REPEATED_PARAMETER"}
OF_PARAMETERS = OF_QUERIES | {"UNKNOWN_FIELD", "WRONG_TYPE"}
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
# Of bodies that no contract describes: the gateway checks their texts itself.
OF_OWN_BODIES = OF_BODIES | {
    "BROKEN_UTF8",
    "FIELD_MISSING",
    "WRONG_LENGTH",
    "NUL_CHARACTER",
    "CONTROL_CHARACTER",
}
OF_WRITES = {"MALFORMED_IDEMPOTENCY_KEY", "MALFORMED_IF_MATCH"}
OF_TIMES = {"NOT_A_TIME", "ZONE_MISSING"}
# Of one record that is read; lists leave out what cannot be read. A change may be the repeat of one
# whose answer stands in an archive.
OF_RECORDS = {"NEWER_SHAPE", "NEWER_EVENT", EVIDENCE_BROKEN}
OF_CHANGED_RECORDS = OF_RECORDS | {"ARCHIVED"}
# Until a city pack has reached the service: of every change, and of reads that ask the city.
NO_CITY = {"DIRECTORY_NOT_LOADED"}
ASKING_THE_CITY = frozenset({"alarm", "workflow", "emergency", "directory"})
SEALING = frozenset({"alarm", "petition", "dispute", "population"})
OF_REVEALS = {"PURPOSE_MISSING"}


def problems_of(plan: Plan, words: Mapping[str, str]) -> dict[int, list[str]]:
    """The reasons by status; `words` are the comments of the contracts by full name."""
    reasons = _of_gateway(plan) | _of_service(plan, words)
    return by_status(reasons - {plan.route.empty})


def problems_of_extra(method: str, said: Mapping[str, Any]) -> dict[int, list[str]]:
    """The same of an endpoint without RPC, by what `described.yaml` says of it; one without
    `problems` (a page of health) refuses nothing itself."""
    if "problems" not in said:
        return by_status(OF_HEADS)
    found = OF_ALL | {*said["problems"], UNKNOWN if method != "GET" else AWAY}
    if not described.needs_no_account(said):
        found |= OF_ACCOUNTS | OF_QUERIES | {"UNKNOWN_FIELD"}
    if "requestBody" in said:
        found |= OF_OWN_BODIES
    if any(each["in"] == "query" for each in said.get("parameters", ())):
        found |= OF_QUERIES
    return by_status(found | described.reasons_of(said))


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
    lines = yaml.decode(FILE.read_bytes())
    said = {reason: each["status"] for reason, each in lines.items() if "status" in each}
    return {reason: (at,) if isinstance(at, int) else tuple(at) for reason, at in said.items()}


def _of_gateway(plan: Plan) -> set[str]:
    route = plan.route
    found = OF_ALL | OF_RPCS | plan.known.reasons
    if not route.public:
        found |= OF_ACCOUNTS | ({"ROLE_MAY_NOT"} if route.roles != EVERYONE else set())
    if plan.query or plan.path_fields:
        found |= OF_PARAMETERS
    if any(_is_free(field_at(plan.method.input_type, path)) for path in plan.query.values()):
        found |= {"WRONG_LENGTH"}
    if plan.body_without is not None:
        found |= OF_BODIES
    found |= OF_WRITES if route.is_write else set()
    found |= {UNKNOWN} if route.is_write else {AWAY}
    found |= {"PERSON_UNNAMED"} if route.by_another else set()
    return found | (OF_REVEALS if route.reveals else set())


def _is_free(field: FieldDescriptor) -> bool:
    """Whether a parameter takes any text, which must then show something."""
    rules = rules_of(field)
    codes = (rules.items if field.is_repeated else rules).one_of
    return field.type == FieldDescriptor.TYPE_STRING and not codes


def _of_service(plan: Plan, words: Mapping[str, str]) -> set[str]:
    method, service = plan.method, plan.area.service
    _, _, failures = words.get(method.full_name, "").partition("ails with ")
    found = _named(failures.partition(". ")[0]) | reasons_of(method.input_type)
    if _has_time(method.input_type):
        found |= OF_TIMES
    if service != "directory" and (plan.path_fields or items_of(method.output_type) is None):
        found |= OF_CHANGED_RECORDS if plan.route.is_write else OF_RECORDS
    if service in SEALING:
        found |= {"SEAL_KEY_MISSING"}
    if plan.route.is_write or service in ASKING_THE_CITY:
        found |= NO_CITY
    if plan.route.is_write:
        found |= _of_changes(plan, words.get(method.containing_service.full_name, ""))
    return found


def _of_changes(plan: Plan, said: str) -> set[str]:
    """What the comment of a service says of every change. Only one that names a record can miss it,
    or find it in another state."""
    found = _named(said.partition("ail with ")[2].partition(". ")[0])
    if any(name.endswith("_id") for name in plan.path_fields):
        return found
    return {each for each in found if each != WRONG_STATE and not each.startswith(MISSING)}


def _named(text: str) -> set[str]:
    """The reasons that a comment names."""
    return {word for word in WORD.findall(text) if word in statuses()}


def _has_time(message: Any, seen: frozenset[str] = frozenset()) -> bool:
    inner = [field.message_type for field in message.fields if field.message_type is not None]
    fresh = [each for each in inner if each.full_name not in seen]
    within = seen | {message.full_name}
    return any(each.full_name == TIMESTAMP or _has_time(each, within) for each in fresh)

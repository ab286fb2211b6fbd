"""Builds the OpenAPI document from the tables and contracts that serve the requests."""

from collections.abc import Iterable, Mapping, Sequence

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from backbone.rpc.rules import is_required, rules_of
from services.gateway.contract.answers import problems_of, problems_of_extra
from services.gateway.contract.described import described
from services.gateway.contract.examples import add_examples
from services.gateway.contract.fields import field_at
from services.gateway.contract.plan import Plan
from services.gateway.contract.schemas import REF, Schema, Schemas
from services.gateway.contract.writing import only_message
from services.gateway.routes.route import Extra

JSON, PROBLEM = "application/json", "application/problem+json"

TEXT = {"type": "string"}
# One character of a percent-encoded header: of ASCII, or a Chinese one.
ENCODED = "(?:[A-Za-z0-9._~-]|%E[4-9]%[89AB][0-9A-F]%[89AB][0-9A-F])"
PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "RFC 9457; facts of the reason (`holder`, `time` …) stand beside these members.",
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "reason", "instance"), TEXT),
        "status": {"type": "integer"},
        "repeat_with": {
            "type": "string",
            "enum": ["SAME_KEY", "NEW_KEY"],
            "description": "Of a write with status 503: the Idempotency-Key of a repeat.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": dict.fromkeys(("field", "reason", "detail"), TEXT),
                "required": ["field", "reason", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "reason", "instance", "errors"],
}
WRITE_HEADERS: list[Schema] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,128}$"},
        "description": "A repeat with the same key is answered with the first answer.",
    },
    {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string", "pattern": '^("[0-9]{1,18}"|\\*)$'},
        "description": "The version that the caller saw, as the ETag gave it.",
    },
]
PERSON: Schema = {
    "name": "Liandong-Person",
    "in": "header",
    "schema": {"type": "string", "pattern": f"^{ENCODED}{{1,100}}$"},
    "description": "With the key of a system: the person who acts there, percent-encoded UTF-8 of "
    "at most 100 characters, with a letter, without the signs of keys and deputies (/ > （代), and "
    "no account here. A person who has signed in is refused with it.",
}
DEPUTY: Schema = {
    "name": "Liandong-Deputy-For",
    "in": "header",
    "schema": {"type": "string", "pattern": f"^{ENCODED}{{1,100}}$"},
    "description": "The person whom the caller stands in for, percent-encoded: the request is made "
    "in that person's role and unit, and recorded as the deputy's. A key is refused with it.",
}
PURPOSE: Schema = {
    "name": "Liandong-Purpose",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": f"^{ENCODED}{{1,200}}$"},
    "description": "Why personal data is asked for, percent-encoded UTF-8 of at most 200 "
    "characters; it goes on record with the disclosure.",
}
ANSWER_HEADERS: Schema = {
    "ETag": {"schema": TEXT, "description": "The version, in quotes."},
    "Liandong-Road": {"schema": {"type": "string", "enum": ["stream", "direct"]}},
    "Idempotency-Replayed": {"schema": {"type": "string", "enum": ["true"]}},
}


def document(plans: Iterable[Plan], extras: Iterable[Extra], words: Mapping[str, str]) -> Schema:
    """The document; `words` are the comments of the contracts by full name."""
    schemas = Schemas(words)
    schemas.components["Problem"] = PROBLEM_SCHEMA
    paths: dict[str, Schema] = {}
    for extra in extras:
        paths.setdefault(extra.path, {})[extra.method.lower()] = _described(extra)
        for message in extra.mentions:
            schemas.whole(message)
    for plan in plans:
        operation = _operation(plan, schemas, words)
        paths.setdefault(plan.route.path, {})[plan.route.method.lower()] = operation
    said: Schema = {
        "openapi": "3.1.0",
        "info": {"title": "liandong 联动", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }
    add_examples(said)
    return said


def problem_responses(problems: Mapping[int, Sequence[str]]) -> dict[str, Schema]:
    """One response for each status, whose problem has one of the reasons."""
    return {str(status): _problem(reasons) for status, reasons in problems.items()}


def _problem(reasons: Sequence[str]) -> Schema:
    reason = {"properties": {"reason": {"enum": list(reasons)}}}
    schema = {"allOf": [{"$ref": f"{REF}Problem"}, reason]}
    return {"description": ", ".join(reasons), "content": {PROBLEM: {"schema": schema}}}


def _described(extra: Extra) -> Schema:
    operation = described(extra.method, extra.path)
    answers = problem_responses(problems_of_extra(extra.method, operation))
    operation.pop("problems", None)
    operation["responses"] = {**operation["responses"], **answers}
    return operation


def _operation(plan: Plan, schemas: Schemas, words: Mapping[str, str]) -> Schema:
    route = plan.route
    summary, _, more = words.get(plan.method.full_name, plan.method.name).partition(". ")
    operation: Schema = {
        "operationId": _operation_id(plan),
        "tags": [plan.area.title],
        "summary": summary,
        "description": f"{more}\n\nRoles: {', '.join(sorted(route.roles)) or 'anyone'}.".strip(),
        "parameters": _parameters(plan, schemas),
        "responses": _responses(plan, schemas) | problem_responses(problems_of(plan, words)),
    }
    if plan.body_without is not None:
        schema = schemas.body(plan.method.input_type, plan.body_without)
        if schema is not None:
            required = bool(schemas.component(schema).get("required"))
            body = {"required": required, "content": {JSON: {"schema": schema}}}
            operation["requestBody"] = body
    if route.public:
        operation["security"] = []
    return operation


def _operation_id(plan: Plan) -> str:
    """The RPC's name; if two routes share one RPC, with the path."""
    same = [r.path for r in plan.area.routes if r.rpc == plan.route.rpc]
    if len(same) == 1:
        return plan.route.rpc
    words = plan.route.path.replace("{", "").replace("}", "").replace(":", "/").split("/")[2:]
    return plan.route.rpc + "".join(f"_{word}" for word in words)


def _parameters(plan: Plan, schemas: Schemas) -> list[Schema]:
    message: Descriptor = plan.method.input_type
    path = [
        {
            "name": n,
            "in": "path",
            "required": True,
            "schema": schemas.parameter(field_at(message, n)),
        }
        for n in plan.path_fields
    ]
    query = [
        _query_parameter(name, field_at(message, to), schemas) for name, to in plan.query.items()
    ]
    return [*path, *query, *_headers(plan)]


def _headers(plan: Plan) -> list[Schema]:
    headers = list(WRITE_HEADERS) if plan.route.is_write else []
    if plan.route.reveals:
        headers.append(PURPOSE)
    return headers if plan.route.public else [*headers, PERSON, DEPUTY]


def _query_parameter(name: str, field: FieldDescriptor, schemas: Schemas) -> Schema:
    said = {"name": name, "in": "query", "schema": schemas.parameter(field)}
    return said | {"required": True} if is_required(rules_of(field)) else said


def _responses(plan: Plan, schemas: Schemas) -> dict[str, Schema]:
    route, response = plan.route, plan.method.output_type
    returns = only_message(response) if route.returns is None else route.returns
    if returns:
        field = field_at(response, returns)
        schema = schemas.answer(field)
        if field.is_repeated:
            schema = {"type": "object", "properties": {"items": schema}, "required": ["items"]}
    else:
        schema = schemas.whole(response)
    headers = ANSWER_HEADERS if route.is_write else {"ETag": ANSWER_HEADERS["ETag"]}
    done = {"description": "Done", "headers": headers, "content": {JSON: {"schema": schema}}}
    responses: dict[str, Schema] = {str(route.status): done}
    if route.empty:
        responses["204"] = {"description": f"Nothing there ({route.empty})"}
    return responses

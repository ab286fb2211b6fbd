"""The OpenAPI document says everything: a client can be generated from it without asking us."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from backbone.process.pulse import Pulse
from backbone.rpc.rules import require_rules
from services.gateway.contract.described import DESCRIBED
from services.gateway.contract.plan import Plan, plan_of
from services.gateway.routes import AREAS
from services.gateway.wiring import open_gateway
from tests.gateway import settings_for

PLANS = [plan_of(area, route) for area in AREAS for route in area.routes]


async def served() -> Any:
    """The document as it is served; that needs neither Postgres nor Kafka nor a service."""
    settings = settings_for("postgresql://nobody@127.0.0.1:1/none", {})
    async with open_gateway(settings, Pulse()) as gateway:
        transport: Any = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            return (await http.get("/openapi.json")).json()


DOCUMENT = asyncio.run(served())
SCHEMAS = DOCUMENT["components"]["schemas"]


def operation(plan: Plan) -> Any:
    return DOCUMENT["paths"][plan.route.path][plan.route.method.lower()]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.label)
def test_every_route_is_described(plan: Plan) -> None:
    said = operation(plan)
    assert said["summary"] and said["summary"] != plan.method.name, "comment the RPC"
    named = {p["name"] for p in said["parameters"] if p["in"] == "path"}
    assert named == set(re.findall(r"{(\w+)}", plan.route.path))
    done = said["responses"][str(plan.route.status)]
    assert done["content"]["application/json"]["schema"]
    assert {"400", "429", "503"} <= said["responses"].keys()
    assert plan.route.public != ("401" in said["responses"])
    assert not plan.path_fields or "404" in said["responses"]
    for status in [each for each in said["responses"] if int(each) >= 400]:
        assert "application/problem+json" in said["responses"][status]["content"]
    headers = {p["name"] for p in said["parameters"] if p["in"] == "header"}
    expected = {"Idempotency-Key", "If-Match"} if plan.route.is_write else set()
    expected |= {"Liandong-Purpose"} if plan.route.reveals else set()
    callers = set() if plan.route.public else {"Liandong-Person", "Liandong-Deputy-For"}
    assert headers == expected | callers


def test_every_reference_leads_somewhere() -> None:
    assert set(references(DOCUMENT)) <= {f"#/components/schemas/{name}" for name in SCHEMAS}


def test_what_no_contract_describes_is_described_by_hand() -> None:
    for name in DESCRIBED:
        method, path = name.split(" ")
        assert DOCUMENT["paths"][path][method.lower()]["summary"]


OPERATIONS = [
    pytest.param(method, path, said, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, said in methods.items()
]


def reasons_of(said: Any, status: str) -> set[str]:
    parts = said["responses"][status]["content"]["application/problem+json"]["schema"]["allOf"]
    return {*next(part["properties"]["reason"]["enum"] for part in parts if "properties" in part)}


def forms_of(said: Any, *, own: bool) -> list[Any]:
    """The schemas of its parameters, and of the members of a body that no contract describes."""
    schemas = [each["schema"] for each in said.get("parameters", ()) if each["in"] != "header"]
    if own and "requestBody" in said:
        body = said["requestBody"]["content"]["application/json"]["schema"]
        schemas += body["properties"].values()
    return [each.get("items", each) for each in schemas]


def refused_by(schema: Any, *, own: bool) -> set[str]:
    if schema.get("format") == "date-time":
        return {"NOT_A_TIME", "ZONE_MISSING", "OUT_OF_RANGE"}
    if "enum" in schema:  # a contract may have a reason of its own
        return {"UNKNOWN_VALUE"} if own else set()
    return {"string": {"CONTROL_CHARACTER"}, "integer": {"OUT_OF_RANGE"}}.get(schema["type"], set())


@pytest.mark.parametrize(("method", "path", "said"), OPERATIONS)
def test_what_is_asked_for_says_which_values_are_good_and_how_others_are_refused(
    method: str, path: str, said: Any
) -> None:
    own = f"{method.upper()} {path}" in DESCRIBED
    for schema in forms_of(said, own=own):
        assert refused_by(schema, own=own) <= reasons_of(said, "400")
        assert schema["type"] != "string" or {"pattern", "enum"} & schema.keys()


def test_a_filter_of_several_texts_takes_none_that_is_empty() -> None:
    asked = [p["schema"] for each in OPERATIONS for p in each.values[2].get("parameters", ())]
    several = [schema["items"] for schema in asked if "items" in schema]
    assert several and all("enum" in each or each["minLength"] for each in several)


def test_operations_have_names_of_their_own() -> None:
    names = [said["operationId"] for path in DOCUMENT["paths"].values() for said in path.values()]
    assert len(names) == len(set(names))


def test_a_body_refuses_what_it_does_not_name_and_an_answer_has_every_field() -> None:
    body = SCHEMAS["incident.HandOffIncidentRequestBody"]
    assert body["properties"].keys() == {"to_unit", "reason"}
    assert body["additionalProperties"] is False and body["required"] == ["to_unit", "reason"]
    incident = SCHEMAS["incident.Incident"]
    assert set(incident["required"]) == incident["properties"].keys()
    assert incident["properties"]["state"]["anyOf"][0]["enum"][0] == "REPORTED"
    assert incident["properties"]["version"] == {"type": "integer", "format": "int64"}
    assert {"type": "null"} in incident["properties"]["hand_off"]["anyOf"]
    assert "accountable" in incident["description"]


def test_pages_and_parts_have_the_shape_that_is_served() -> None:
    inbox = DOCUMENT["paths"]["/v1/inbox"]["get"]
    page = inbox["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(page["required"]) == {"items", "next_page_token"}
    assert "inbox" not in {parameter["name"] for parameter in inbox["parameters"]}
    clocks = DOCUMENT["paths"]["/v1/incidents/{incident_id}/clocks"]["get"]
    part = clocks["responses"]["200"]["content"]["application/json"]["schema"]
    assert part["properties"]["items"]["items"] == {"$ref": "#/components/schemas/incident.Due"}
    assert {"page_size", "page_token"} <= {each["name"] for each in clocks["parameters"]}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.label)
def test_every_operation_has_examples_and_its_own_request_is_read(plan: Plan) -> None:
    said = operation(plan)
    done = said["responses"][str(plan.route.status)]["content"]["application/json"]
    assert "example" in done
    assert all("example" in each for each in said["parameters"] if each["in"] == "path")
    if "requestBody" not in said:
        return
    example = said["requestBody"]["content"]["application/json"]["example"]
    assert plan.read_body is not None
    values = plan.read_body.validate_json(json.dumps(example))
    path = {each["name"]: each["example"] for each in said["parameters"] if each["in"] == "path"}
    require_rules(plan.request(**values, **path, **plan.route.always))

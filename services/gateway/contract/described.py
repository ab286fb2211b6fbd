"""The operations of the endpoints without a protobuf contract, as `described.yaml` says them.

What every request is checked for is added here, to the schemas and to the reasons of refusals, so
that no line of the file can forget it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import yaml

from services.gateway.contract.schemas import PLAIN_TEXT, TIME, Schema

DESCRIBED: dict[str, Schema] = yaml.decode(Path(__file__).with_name("described.yaml").read_bytes())
OF_TEXTS = frozenset({"NUL_CHARACTER", "CONTROL_CHARACTER"})
OF_TIMES = frozenset({"NOT_A_TIME", "ZONE_MISSING", "OUT_OF_RANGE"})
JSON = "application/json"


def described(method: str, path: str) -> Schema:
    """The operation with the schemas of its request completed."""
    said = dict(DESCRIBED[f"{method} {path}"])
    if "parameters" in said:
        said["parameters"] = [
            each | {"schema": _completed(each["schema"])} if each["in"] != "header" else each
            for each in said["parameters"]
        ]
    if "requestBody" in said:
        body = said["requestBody"]["content"][JSON]["schema"]
        members = {name: _completed(each) for name, each in body["properties"].items()}
        content = {JSON: {"schema": body | {"properties": members}}}
        said["requestBody"] = said["requestBody"] | {"content": content}
    return said


def query_of(method: str, path: str) -> frozenset[str] | None:
    """The names of its query parameters; None where any other is read over: providers of sign-in
    and probes, which have no account, add their own."""
    said = DESCRIBED[f"{method} {path}"]
    if needs_no_account(said):
        return None
    return frozenset(each["name"] for each in said.get("parameters", ()) if each["in"] == "query")


def needs_no_account(said: Mapping[str, Any]) -> bool:
    return "security" in said


def reasons_of(said: Mapping[str, Any]) -> set[str]:
    """The reasons for which the values of its parameters, and the times of its body, are refused;
    those of bodies are the same everywhere."""
    return {reason for schema, at in _asked(said) for reason in _reasons_of(schema, at)}


def _completed(schema: Schema) -> Schema:
    if schema.get("format") == "date-time":
        return schema | TIME
    is_text = schema["type"] == "string" and not {"enum", "pattern"} & schema.keys()
    return schema | {"pattern": PLAIN_TEXT} if is_text else schema


def _asked(said: Mapping[str, Any]) -> Iterator[tuple[Schema, str]]:
    for each in said.get("parameters", ()):
        if each["in"] != "header":
            yield each["schema"], each["in"]
    body = said.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    for schema in body.get("properties", {}).values():
        yield schema, "body"


def _reasons_of(schema: Schema, at: str) -> frozenset[str]:
    if schema.get("format") == "date-time":
        return OF_TIMES
    if at == "body":
        return frozenset()
    if schema["type"] != "string":
        bounded = frozenset({"OUT_OF_RANGE"} if schema["type"] == "integer" else ())
        return bounded | {"WRONG_TYPE"}
    if "enum" in schema:
        return frozenset({"UNKNOWN_VALUE"})
    return OF_TEXTS | ({"WRONG_LENGTH"} if at == "query" and "minLength" in schema else set())

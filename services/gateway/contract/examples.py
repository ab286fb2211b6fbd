"""An example of each request and answer, made from its schema and the values of examples.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import yaml

from services.gateway.contract.schemas import REF, Schema

VALUES: dict[str, Any] = yaml.decode(Path(__file__).with_name("examples.yaml").read_bytes())
TIME = "2026-11-29T09:30:00+08:00"
# Deeper parts are left out where they may be, so that an example stays short.
DEEPEST = 3


class Examples:
    """Makes examples; `components` are the schemas that references lead to."""

    def __init__(self, components: Mapping[str, Schema]) -> None:
        self._components = components

    def of(self, schema: Schema, name: str = "", depth: int = 0) -> Any:
        """An example of a value of this schema, which stands in a field of this name."""
        if "$ref" in schema:
            return self.of(self._components[schema["$ref"].removeprefix(REF)], name, depth)
        if "anyOf" in schema:
            return None if depth >= DEEPEST else self.of(schema["anyOf"][0], name, depth)
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "object":
            return self._object(schema, depth)
        if schema.get("type") == "array":
            wanted = depth < DEEPEST or schema.get("minItems")
            return [self.of(schema["items"], name, depth + 1)] if wanted else []
        return _plain(schema, name)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        members = schema.get("properties", {}).items()
        return {
            name: self.of(each, name, depth + 1)
            for name, each in members
            if name in required or (name in VALUES and depth < DEEPEST)
        }


def _plain(schema: Schema, name: str) -> Any:
    kind = schema.get("type")
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        value = VALUES.get(name)
        return value if isinstance(value, int | float) else max(1, int(schema.get("minimum", 1)))
    if schema.get("format") == "date-time":
        return TIME
    value = VALUES.get(name)
    return value if isinstance(value, str) else ("" if schema.get("format") else "示例")


def add_examples(document: Schema) -> None:
    """Give every operation its examples: of its parameters, its body and what it answers."""
    examples = Examples(document["components"]["schemas"])
    for path in document["paths"].values():
        for operation in path.values():
            _add(operation, examples)


def _add(operation: Schema, examples: Examples) -> None:
    operation["parameters"] = [
        {**each, "example": examples.of(each["schema"], each["name"])}
        if each["in"] == "path" or each.get("required")
        else each
        for each in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {}).get("content", {})
    answers = (each.get("content", {}) for each in operation["responses"].values())
    for content in (body, *answers):
        for kind, said in content.items():
            if kind == "application/json":
                content[kind] = {**said, "example": examples.of(said["schema"])}

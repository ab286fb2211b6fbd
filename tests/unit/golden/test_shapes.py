"""A record that gets or loses a field gets a new shape: no older process writes it back."""

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.golden.reading import DECIDERS

FILE = Path("tests/golden/shapes.json")
EVERY = [each for deciders in DECIDERS.values() for each in deciders]


def fields_of(decider: Any) -> str:
    """A digest of the names and types of all fields of the record and its parts."""
    schema = without_words(msgspec.json.schema(decider.record))
    return sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:16]


def without_words(schema: Any) -> Any:
    """The schema without the docstrings, which msgspec takes for descriptions."""
    if isinstance(schema, list):
        return [without_words(each) for each in schema]
    if isinstance(schema, dict):
        return {
            name: without_words(part)
            for name, part in schema.items()
            if not (name == "description" and isinstance(part, str))
        }
    return schema


@pytest.mark.parametrize("decider", EVERY, ids=lambda each: each.table.name)
def test_fields_and_shape_change_together(decider: Any) -> None:
    """After a change of both: SHAPES=write pytest tests/unit/golden/test_shapes.py."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    now = {"shape": decider.table.shape, "fields": fields_of(decider)}
    if os.environ.get("SHAPES") == "write":
        known[decider.table.name] = now
        FILE.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    assert known[decider.table.name] == now

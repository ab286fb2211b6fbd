"""Says in the caller's language how a matter was routed; sentences from routed.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import yaml

# The sentences of each result, by language.
SENTENCES: Mapping[str, Mapping[str, str]] = yaml.decode(
    Path(__file__).with_name("routed.yaml").read_bytes()
)


def say_route(answer: Any, language: str) -> None:
    """Put a sentence into each step; that of a newer service shows its rule."""
    for step in answer["steps"]:
        rule = step["title"] if language == "zh" else step["rule"]
        unit = step["unit_name"] or step["unit"]
        line = SENTENCES.get(step["result"], {}).get(language, "{rule}")
        step["sentence"] = line.format(rule=rule or step["rule"], unit=unit)

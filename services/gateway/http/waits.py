"""Says in the caller's language why a matter stands in an inbox; sentences from waits.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import yaml

# The sentences of each reason, by language.
SENTENCES: Mapping[str, Mapping[str, str]] = yaml.decode(
    Path(__file__).with_name("waits.yaml").read_bytes()
)


def say_why(answer: Any, language: str) -> None:
    """Put a sentence beside each reason of an inbox; that of a newer service shows its code."""
    for item in answer["items"]:
        for each in item["waits"]:
            lines = SENTENCES.get(each["reason"], {})
            each["sentence"] = lines.get(language, each["reason"])

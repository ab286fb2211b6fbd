"""Says in the caller's language why a matter stands in an inbox; sentences from waits.yaml."""

from functools import cache
from pathlib import Path
from typing import Any

from msgspec import yaml

FILE = Path(__file__).with_name("waits.yaml")


@cache
def sentences() -> dict[str, dict[str, str]]:
    """The sentences of each reason, by language."""
    lines: dict[str, dict[str, str]] = yaml.decode(FILE.read_bytes())
    return lines


def say_why(answer: Any, language: str) -> None:
    """Put a sentence beside each reason of an inbox; that of a newer service shows its code."""
    for item in answer["items"]:
        for each in item["waits"]:
            lines = sentences().get(each["reason"], {})
            each["sentence"] = lines.get(language, each["reason"])

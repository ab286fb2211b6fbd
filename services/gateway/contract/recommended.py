"""Says in the caller's language what speaks for and against a team, and for a repeat; words in
recommended.yaml."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import yaml

# The sentences of each reason, by language.
SENTENCES: Mapping[str, Mapping[str, str]] = yaml.decode(
    Path(__file__).with_name("recommended.yaml").read_bytes()
)


def reasons_of(team: Mapping[str, Any], language: str) -> list[str]:
    """The reasons of a recommended team, as it stands in an answer."""
    return [
        SENTENCES[reason].get(language, reason).format_map(facts)
        for reason, facts in _reasons(team)
    ]


def reason_in_words(reason: str, language: str) -> str | None:
    """What a code means that a service gives as a reason, some with a figure: `NEAR 120 m`. None
    for one that a newer release knows."""
    code, _, figure = reason.partition(" ")
    said = SENTENCES.get("METRES" if code == "NEAR" and figure else code, {}).get(language)
    return said and said.format(figure=figure.partition(" ")[0])


def _reasons(team: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "SKILL", {}
    if team["metres"] is not None:
        yield "DISTANCE", {"km": f"{team['metres'] / 1000:.1f}"}
    state = team["unready"] or team["duty"] or "UNKNOWN"
    yield state if state in SENTENCES else "UNKNOWN", {}
    if not team["duty"]:
        return  # the service of teams did not answer
    count = team["open_missions"]
    yield {0: "NO_MISSION", 1: "ONE_MISSION"}.get(count, "MISSIONS"), {"count": count}
    yield "CONNECTED" if team["connected"] else "NOT_CONNECTED", {}

"""Every reason that anything raises can be read by people, in Chinese and in English."""

import string
from collections import defaultdict

import pytest

from tests.house.sources import Refused, raised, reasons

PARTS = ("title_zh", "title_en", "detail_zh", "detail_en")
# Given by the gateway or by the place that answers, not by who raises.
GIVEN = {"instance", "status"}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def by_reason() -> dict[str, list[Refused]]:
    found: dict[str, list[Refused]] = defaultdict(list)
    for refused in raised():
        found[refused.reason].append(refused)
    return dict(sorted(found.items()))


RAISED = by_reason()


@pytest.mark.parametrize("reason", RAISED)
def test_a_reason_is_listed_with_its_sentences(reason: str) -> None:
    where = ", ".join(refused.where for refused in RAISED[reason])
    assert reason in reasons(), f"{reason} is raised in {where}, and no sentence says what it means"


@pytest.mark.parametrize("reason", reasons())
def test_sentences_are_complete_and_say_the_same_facts(reason: str) -> None:
    lines = reasons()[reason]
    assert sorted(lines) == sorted(PARTS)
    assert all(lines[part].strip() for part in PARTS)
    assert places(lines["detail_zh"]) == places(lines["detail_en"])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in lines["detail_zh"])


@pytest.mark.parametrize("reason", [each for each in RAISED if each in reasons()])
def test_whoever_raises_a_reason_gives_the_facts_of_its_sentence(reason: str) -> None:
    needed = places(reasons()[reason]["detail_en"]) - GIVEN
    for refused in RAISED[reason]:
        missing = needed - refused.facts if refused.facts is not None else None
        assert not missing, f"{refused.where} gives no {missing}"


def test_the_scan_finds_what_it_is_for() -> None:
    assert {"STALE_VERSION", "NOT_FROM_INSIDE", "TOO_LARGE", "ALREADY_CLAIMED"} <= set(RAISED)

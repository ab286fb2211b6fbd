"""Every reason that anything raises can be read by people, in Chinese and in English."""

import string
from collections import defaultdict
from functools import cache

from tests.house.sources import Refused, raised, reasons

PARTS = ("title_zh", "title_en", "detail_zh", "detail_en")
# Given by the gateway or by the place that answers, not by who raises.
GIVEN = {"instance", "status"}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@cache
def by_reason() -> dict[str, list[Refused]]:
    found: dict[str, list[Refused]] = defaultdict(list)
    for refused in raised():
        found[refused.reason].append(refused)
    return dict(sorted(found.items()))


def test_every_reason_is_listed_with_its_sentences() -> None:
    unlisted = {name: where for name, where in by_reason().items() if name not in reasons()}
    assert not unlisted, "raised, and no sentence says what it means"


def test_sentences_are_complete_and_say_the_same_facts_in_both_languages() -> None:
    for reason, lines in reasons().items():
        assert sorted(lines.keys() - {"status"}) == sorted(PARTS), reason
        assert all(lines[part].strip() for part in PARTS), reason
        assert places(lines["detail_zh"]) == places(lines["detail_en"]), reason
        assert any("\u4e00" <= letter <= "\u9fff" for letter in lines["detail_zh"]), reason


def test_whoever_raises_a_reason_gives_the_facts_of_its_sentence() -> None:
    for reason in by_reason().keys() & reasons().keys():
        needed = places(reasons()[reason]["detail_en"]) - GIVEN
        for refused in by_reason()[reason]:
            missing = needed - refused.facts if refused.facts is not None else None
            assert not missing, f"{refused.where} gives {reason} no {missing}"


def test_the_scan_finds_what_it_is_for() -> None:
    assert {"STALE_VERSION", "NOT_FROM_INSIDE", "TOO_LARGE", "ALREADY_CLAIMED"} <= set(by_reason())

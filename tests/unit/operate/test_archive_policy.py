"""The policy of archives: which month is due, and which files are refused, by table."""

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from backbone.process.keeping import SHIPPED, Journal
from operate.archive.policy import flaws_of, latest_due, may_go, read
from operate.home.trouble import Trouble

SERVICES = ["alarm", "dispute", "emergency", "petition", "population", "workflow"]
GOOD = Journal(24, 10, "档案法", "M")


@pytest.mark.parametrize(
    ("today", "months", "latest"),
    [
        (date(2026, 11, 29), 24, 202410),
        (date(2026, 11, 1), 24, 202410),
        (date(2026, 12, 31), 24, 202411),
        (date(2027, 1, 1), 24, 202412),
        (date(2026, 11, 29), 3, 202607),
        (date(2026, 4, 1), 3, 202512),
        (date(2026, 3, 31), 3, 202511),
    ],
)
def test_a_month_is_due_when_it_has_been_over_for_whole_months(
    today: date, months: int, latest: int
) -> None:
    assert latest_due(today, replace(GOOD, living_months=months)) == latest


def test_an_archive_may_go_after_its_years_or_never() -> None:
    assert may_go(202410, GOOD) == 203410
    assert may_go(202410, replace(GOOD, archive_years=None)) is None


@pytest.mark.parametrize(
    ("kept", "word"),
    [
        (replace(GOOD, living_months=2), "living_months is 2"),
        (replace(GOOD, living_months=0), "living_months is 0"),
        (replace(GOOD, living_months=9_999), "living_months is 9999"),
        (replace(GOOD, archive_years=1), "shorter"),
        (replace(GOOD, source=" "), "source"),
        (replace(GOOD, confidence="high"), "confidence"),
    ],
)
def test_an_entry_that_cannot_be_followed_is_refused(kept: Journal, word: str) -> None:
    assert word in flaws_of(kept)[0]


def test_the_shipped_policy_names_each_service_and_its_source() -> None:
    kept = read(SHIPPED, SERVICES)
    assert sorted(kept) == SERVICES
    assert all(each.living_months * 31 > 92 for each in kept.values())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Expected"),
        ("journals: [", "expected"),
        ("journals: {alarm: {living_months: 24}}", "archive_years"),
        ("journals: {alarm: {living_months: many}}", "living_months"),
        ("journals: {}", "workflow is missing"),
    ],
)
def test_a_file_with_flaws_is_refused_by_name(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "retention.yaml"
    path.write_text(text)
    with pytest.raises(Trouble) as refused:
        read(path, SERVICES)
    assert word in refused.value.english
    assert str(path) in refused.value.english


def test_a_service_that_keeps_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "retention.yaml"
    path.write_text(SHIPPED.read_text().replace("  alarm:", "  alarms:"))
    with pytest.raises(Trouble, match="alarm is missing; alarms is no service"):
        read(path, SERVICES)

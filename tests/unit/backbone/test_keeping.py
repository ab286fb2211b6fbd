"""How long tables are kept: the shipped file, a city's own file over it, and what is refused."""

from pathlib import Path

import pytest

from backbone.process.keeping import SHIPPED, flaws_in, kept_in, read

OWN = """
tables:
  every:
    inbox: {days: 120, source: 本市规定, confidence: L}
  gateway:
    sessions: {days: 1, source: 本市规定, confidence: L}
"""


def named(path: Path, text: str) -> dict[str, str]:
    path.write_text(text)
    return {"LIANDONG_RETENTION": str(path)}


def test_a_schema_has_the_tables_of_the_shell_and_its_own() -> None:
    found = kept_in("gateway", {})
    assert (found["outcomes"].days, found["inbox"].days, found["sessions"].days) == (30, 90, 0)
    assert found["journal"].until and found["audit"].ever
    assert "sessions" not in kept_in("alarm", {})
    assert set(kept_in("ledger", {})) < set(found)


def test_a_city_names_other_days(tmp_path: Path) -> None:
    environ = named(tmp_path / "own.yaml", OWN)
    assert flaws_in(environ) == []
    found = kept_in("gateway", environ)
    assert (found["inbox"].days, found["sessions"].days, found["guesses"].days) == (120, 1, 0)
    assert found["sessions"].after == "expire_time"
    assert kept_in("alarm", environ)["inbox"].days == 120


def test_a_whole_copy_of_the_file_may_be_changed(tmp_path: Path) -> None:
    text = SHIPPED.read_text()
    environ = named(tmp_path / "own.yaml", text)
    assert flaws_in(environ) == []
    assert kept_in("emergency", environ) == kept_in("emergency", {})
    environ = named(tmp_path / "own.yaml", text.replace("days: 730", "days: 1000"))
    assert flaws_in(environ) == []
    assert kept_in("emergency", environ)["refused_links"].days == 1000


def test_a_file_of_before_tables_stood_in_it_is_still_read(tmp_path: Path) -> None:
    environ = named(tmp_path / "own.yaml", SHIPPED.read_text().partition("tables:")[0])
    assert flaws_in(environ) == []
    assert kept_in("petition", environ) == kept_in("petition", {})
    assert read(tmp_path / "own.yaml").journals


def test_the_days_of_outcomes_have_a_variable_of_their_own() -> None:
    assert kept_in("alarm", {"LIANDONG_OUTCOME_DAYS": "45"})["outcomes"].days == 45


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Expected"),
        ("tables: {every: {inbox: {days: many}}}", "days"),
        ("tables: {every: {inbox: {days: 30, source: x, confidence: L}}}", "31 to"),
        ("tables: {every: {inbox: {days: 90, source: x, confidence: high}}}", "confidence"),
        ("tables: {every: {inbox: {days: 90, confidence: L}}}", "source is empty"),
        ("tables: {every: {inbox: {ever: we like it}}}", "only days, source and confidence"),
        ("tables: {every: {inbox: {source: x, confidence: L}}}", "one of days, until and ever"),
        ("tables: {gateway: {sessions: {days: -1, source: x, confidence: L}}}", "days is -1"),
        ("tables: {gateway: {audit: {days: 9, source: x, confidence: L}}}", "not swept by days"),
        ("tables: {gateway: {session: {days: 9, source: x, confidence: L}}}", "no such table"),
        ("tables: {gate: {sessions: {days: 9, source: x, confidence: L}}}", "no such table"),
        ("tables: {gateway: {sessions: {days: 9, after: 'now()'}}}", "only days"),
        ("tables: {gateway: {sessions: {day: 9}}}", "day"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused(tmp_path: Path, text: str, word: str) -> None:
    [flaw] = flaws_in(named(tmp_path / "own.yaml", text))
    assert flaw.startswith("LIANDONG_RETENTION")
    assert word in flaw


@pytest.mark.parametrize("days", ["many", "-1", "7", "99999", "１"])
def test_days_of_outcomes_that_cannot_be_kept_are_refused(days: str) -> None:
    [flaw] = flaws_in({"LIANDONG_OUTCOME_DAYS": days})
    assert flaw.startswith("LIANDONG_OUTCOME_DAYS")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    [flaw] = flaws_in({"LIANDONG_RETENTION": str(tmp_path / "none.yaml")})
    assert "none.yaml" in flaw

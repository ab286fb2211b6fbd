"""What a person has seen to waits no more: only what is named, with a note of what was done."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from operate.admin import deadletters, standing
from operate.admin.deadletters import Letter
from operate.admin.waiting_findings import dead_letters
from operate.cli import deadletter_command, link_command
from operate.home.home import Home
from operate.home.ports import Ports
from operate.home.trouble import Trouble

LETTERS = [Letter("liandong.t", 0, at, "", "", "alarm", "alarm.incidents") for at in (7, 8, 9)]
DONE = ("--note", "the sender was mended")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    """What was acknowledged or settled, with its note, in a city of three dead letters."""
    seen: list[tuple[str, str]] = []

    async def read_dead(*_: Any) -> list[Letter]:
        return LETTERS

    async def acknowledge(_: Any, __: Any, letters: Sequence[Letter], note: str) -> None:
        seen.extend((each.place, note) for each in letters)

    async def settle(_: Any, event: str, note: str) -> int:
        seen.append((event, note))
        return 1

    monkeypatch.setattr(deadletters, "read_dead", read_dead)
    monkeypatch.setattr(deadletters, "acknowledge", acknowledge)
    monkeypatch.setattr(standing, "settle", settle)
    monkeypatch.setenv("LIANDONG_HOME", str(tmp_path))
    return seen


def asked(app: typer.Typer, *words: str) -> int:
    """The exit code; raises the Trouble that is told."""
    result = CliRunner().invoke(app, words)
    if isinstance(result.exception, Trouble):
        raise result.exception
    return result.exit_code


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["liandong.t/0/8"], [8]),
        (["liandong.t/0/9", "liandong.t/0/7"], [7, 9]),
        (["--all"], [7, 8, 9]),
    ],
)
def test_what_is_named_is_acknowledged(
    seen: list[tuple[str, str]], words: list[str], places: list[int]
) -> None:
    assert asked(deadletter_command.app, "acknowledge", *words, *DONE) == 0
    assert seen == [(f"liandong.t/0/{at}", DONE[1]) for at in places]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "either the places"),
        (["--all", "liandong.t/0/8"], "either the places"),
        (["liandong.t/0/8", "liandong.t/0/1"], "no dead letter liandong.t/0/1"),
    ],
)
def test_nothing_is_acknowledged_that_was_not_named(
    seen: list[tuple[str, str]], words: list[str], sentence: str
) -> None:
    with pytest.raises(Trouble, match=sentence):
        asked(deadletter_command.app, "acknowledge", *words, *DONE)
    assert seen == []


COMMANDS = (
    (deadletter_command.app, ("acknowledge", "--all")),
    (link_command.app, ("settle", "0192")),
)


@pytest.mark.parametrize(("app", "words"), COMMANDS, ids=["acknowledge", "settle"])
def test_a_note_says_what_was_done(
    seen: list[tuple[str, str]], app: typer.Typer, words: tuple[str, ...]
) -> None:
    assert asked(app, *words) == 2, "an option is missing"
    for note, sentence in (
        ("", "is empty"),
        (" \u200b", "is empty"),
        ("mended\nyesterday", r"control character U\+000A"),
        ("x" * 501, "501 characters"),
    ):
        with pytest.raises(Trouble, match=sentence):
            asked(app, *words, "--note", note)
    assert seen == []
    assert asked(app, *words, "--note", " mended ") == 0
    assert {note for _, note in seen} == {"mended"}


async def test_doctor_says_how_many_records_are_forged(
    seen: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    home = Home(tmp_path, Ports())
    [plain] = await dead_letters(home)
    assert plain.seen == "3 wait for a person" and "acknowledge PLACE" in plain.remedy
    LETTERS[1:2] = [replace(LETTERS[1], reason="FORGED: it is not signed")]
    [found] = await dead_letters(home)
    assert found.seen == "3 wait for a person, 1 of them forged"

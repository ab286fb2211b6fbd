"""Whatever a command raises, a person reads a sentence; the details are kept elsewhere."""

import errno
from contextlib import suppress
from pathlib import Path

import pytest

from operate.cli import guard
from operate.home.home import Home, read_state
from operate.home.trouble import Trouble


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def raising(error: Exception) -> int:
    def work() -> int:
        raise error

    return guard.run(work)


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIANDONG_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "2000")
    monkeypatch.delenv("LIANDONG_LOG", raising=False)
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def test_what_nobody_foresaw_is_one_sentence(
    logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(KeyError("gone")) == 1
    said = told(capsys)
    assert "commands.log" in said and "KeyError" in said and "Traceback" not in said
    assert "Traceback" in (logs / "commands.log").read_text()


def test_what_was_typed_in_another_encoding_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """As a terminal in GB18030 types 李明: Python keeps the bytes, and no database takes them."""
    with pytest.raises(UnicodeEncodeError) as error:
        "李明".encode("gb18030").decode("utf-8", "surrogateescape").encode()
    of_the_database = ValueError("invalid input")
    of_the_database.__cause__ = error.value
    assert raising(of_the_database) == 1
    said = told(capsys)
    assert "not in UTF-8: set the terminal to UTF-8" in said and "Unexpected" not in said


def test_details_in_another_encoding_are_kept(logs: Path) -> None:
    guard.keep("of \udcc0")
    assert "of \\udcc0" in (logs / "commands.log").read_text()


def test_without_a_folder_for_logs_it_is_kept_elsewhere(
    logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.rmdir()
    assert raising(KeyError("gone")) == 1
    assert "liandong-" in told(capsys)


def test_whoever_debugs_sees_the_details(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIANDONG_LOG", "debug")
    raising(KeyError("gone"))
    assert "Traceback" in told(capsys)


def test_a_trouble_is_found_among_those_that_were_raised_side_by_side(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trouble = Trouble("do this", "请这样做")
    raising(ExceptionGroup("", [KeyError("a"), ExceptionGroup("", [trouble])]))
    assert told(capsys) in ("do this", "请这样做")


@pytest.mark.parametrize("home", ["a file/run", "a" * 300, "circle/run"])
def test_a_home_in_an_impossible_place_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    monkeypatch.setenv("LIANDONG_HOME", str(tmp_path / home))
    with pytest.raises(Trouble, match="cannot be used"):
        Home.here().make()
    with suppress(Trouble):
        assert read_state(Home.here()) == {}


def test_a_home_on_a_disk_for_reading_alone_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mkdir(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setenv("LIANDONG_HOME", str(tmp_path / "run"))
    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(Trouble, match="Read-only"):
        Home.here().make()

"""Logs are rotated: nothing is lost, the oldest part goes first."""

from pathlib import Path

import pytest

from operate.home.logfiles import KEPT, trim


def test_a_long_log_is_moved_up_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "alarm.log"
    with log.open("ab", buffering=0) as writer:
        for part in range(KEPT + 3):
            writer.write(f"part {part}\n".encode() * 10)
            trim(tmp_path, most=50)
            writer.write(b"x")
            assert log.read_bytes() == b"x"
    parts = [log.with_suffix(f".log.{number}") for number in range(1, KEPT + 1)]
    assert [part.read_text().split("\n")[1] for part in parts] == [
        f"part {KEPT + 2 - number}" for number in range(KEPT)
    ]
    assert len(list(tmp_path.iterdir())) == KEPT + 1


def test_a_short_log_stays(tmp_path: Path) -> None:
    (tmp_path / "alarm.log").write_bytes(b"x" * 50)
    trim(tmp_path, most=50)
    assert [file.name for file in tmp_path.iterdir()] == ["alarm.log"]


def test_a_full_disk_takes_no_part_away(tmp_path: Path) -> None:
    log, older = tmp_path / "alarm.log", tmp_path / "alarm.log.1"
    log.write_bytes(b"x" * 60)
    older.write_text("older")
    log.with_suffix(".log.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        trim(tmp_path, most=50)
    assert (log.read_bytes(), older.read_text()) == (b"x" * 60, "older")
    trim(tmp_path, most=50)
    parts = (older.read_bytes(), log.with_suffix(".log.2").read_text())
    assert (log.read_bytes(), *parts) == (b"", b"x" * 60, "older")

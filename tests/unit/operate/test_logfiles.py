"""Logs are rotated: nothing is lost, the oldest part goes first."""

from pathlib import Path

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

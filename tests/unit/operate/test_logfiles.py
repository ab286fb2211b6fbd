"""Logs are rotated: nothing is lost while there is room, the oldest part goes first."""

import subprocess
import sys
from pathlib import Path

import pytest

from operate.home.logfiles import END, KEPT, trim


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


FULL = """
import sys
from pathlib import Path
from operate.home.logfiles import trim

folder, most = Path(sys.argv[1]), 100_000
alarm, gateway, filler = (folder / name for name in ("alarm.log", "gateway.log", "filler"))
for number in (1, 2, 3):
    alarm.with_suffix(f".log.{number}").write_bytes(b"%d" % number * 60_000)
alarm.write_bytes(b"a" * 120_000)
gateway.write_bytes(b"g" * 500_000 + b"the end")
with filler.open("wb", buffering=0) as file:
    try:
        while file.write(bytes(1024)) == 1024:
            continue
    except OSError:
        pass
trim(folder, most)
for path in sorted(folder.iterdir()):
    print(path.name, path.stat().st_size, path.read_bytes()[-7:])
"""


def test_on_a_full_disk_the_oldest_parts_go_and_at_last_all_but_the_end(tmp_path: Path) -> None:
    """A real file system of 1 MB, in a namespace of its own."""
    mount = f'mount -t tmpfs -o size=1m none {tmp_path} && exec {sys.executable} -c "$0" "$@"'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", mount, FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert found.pop("filler"), done.stderr
    assert found == {
        "alarm.log": ["0", "b''"],
        "alarm.log.1": ["120000", "b'aaaaaaa'"],
        "alarm.log.2": ["60000", "b'1111111'"],
        "gateway.log": [str(END), "b'the", "end'"],
    }


def test_one_log_that_cannot_be_shortened_keeps_no_other_long(tmp_path: Path) -> None:
    first, other = tmp_path / "alarm.log", tmp_path / "gateway.log"
    for log in (first, other):
        log.write_bytes(b"x" * 60)
    first.with_suffix(".log.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        trim(tmp_path, most=50)
    assert (first.stat().st_size, other.stat().st_size) == (60, 0)

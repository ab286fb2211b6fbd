"""Two commands at the same moment, and what one that was killed has left to the next."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from operate.backup import taking
from operate.home import certificates
from operate.home.certificates import IDENTITIES, is_whole
from operate.home.home import write
from operate.home.keys import Keys


def all_at_once(count: int, work: Callable[[int], object]) -> list[object]:
    begin = threading.Barrier(count)

    def one(number: int) -> object:
        begin.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_writers_of_one_file_do_not_hinder_each_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = [f"{number}" * 10_000 * (number + 1) for number in range(4)]

    def writes(number: int) -> None:
        for _ in range(50):
            write(path, texts[number])
            assert path.read_text() in texts

    all_at_once(4, writes)
    assert [*tmp_path.iterdir()] == [path]


def test_what_a_writer_that_was_killed_has_left_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".file.new").write_text("x" * 100)
    write(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new" and [*tmp_path.iterdir()] == [tmp_path / "file"]


def test_two_renewals_at_once_leave_whole_certificates(tmp_path: Path) -> None:
    """One of both ended with an unexpected error in the midst."""
    certificates.create(tmp_path)
    all_at_once(3, lambda _: certificates.renew(tmp_path))
    assert all(is_whole(tmp_path / f"{name}.pem") for name in IDENTITIES)


def test_two_first_commands_have_the_same_keys(tmp_path: Path) -> None:
    """The second one wrote other keys over those with which the first one had made the roles."""
    secret, data = tmp_path / "secret", tmp_path / "postgres" / "data"
    assert len({keys.secret for keys in all_at_once(8, lambda _: Keys.of(secret, data))}) == 1  # type: ignore[attr-defined]


def test_a_backup_takes_the_place_of_one_that_was_killed(tmp_path: Path) -> None:
    """Also in a container, whose processes have the same numbers each time."""
    for number in (os.getpid(), 2**22 + 1):
        (tmp_path / f".liandong-{number}.partial").mkdir()
        with taking._new_folder(tmp_path) as fresh:
            assert [*tmp_path.iterdir()] == [fresh]
        assert [*tmp_path.iterdir()] == []

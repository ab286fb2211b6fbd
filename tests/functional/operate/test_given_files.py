"""A file that a person names may be a pipe: the wait for its end is told, and Ctrl-C ends it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "operate.cli.command")


@contextmanager
def importing(tmp_path: Path, file: str) -> Iterator["subprocess.Popen[str]"]:
    env = {**os.environ, "LIANDONG_HOME": str(tmp_path / "home"), "LC_ALL": "C"}
    pipe = subprocess.PIPE
    command = [*COMMAND, "accounts", "import", file]
    # A runner in the background ignores Ctrl-C, and what it starts would do so, too.
    with subprocess.Popen(
        command,
        env=env,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:
        watch = threading.Timer(30, running.kill)
        watch.start()
        try:
            yield running
        finally:
            watch.cancel()
            running.kill()


@pytest.mark.parametrize("is_stdin", [True, False])
def test_the_wait_for_the_end_of_a_pipe_is_told_and_can_be_given_up(
    tmp_path: Path, is_stdin: bool
) -> None:
    file = tmp_path / "pipe"
    os.mkfifo(file)
    with importing(tmp_path, "/dev/stdin" if is_stdin else str(file)) as running:
        assert running.stderr and "until its end" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130


def test_what_a_pipe_has_brought_is_read_as_a_file(tmp_path: Path) -> None:
    with importing(tmp_path, "/dev/stdin") as running:
        _, told = running.communicate("user,role\nwang,clerk\n")
    assert running.returncode == 1
    assert "/dev/stdin has the columns" in told

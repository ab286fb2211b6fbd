"""A process that hangs without dying ends itself, so that the runner starts it again; one that is
frozen says nothing to systemd any more."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from backbone.process.watchdog import STOOD_STILL

HANGS = """
import time
from backbone.process.pulse import Pulse
from backbone.process.watchdog import watch
pulse = Pulse(patience=0.2)
pulse.beat("{loop}")
watch({"ledger": pulse}, look=0.2)
for _ in range(int({beats})):
    pulse.beat("{loop}")
    time.sleep(0.1)
time.sleep({rest})
"""


def script_of(loop: str, beats: int, rest: float) -> str:
    script = HANGS.replace("{loop}", loop).replace("{beats}", str(beats))
    return script.replace("{rest}", str(rest))


def exit_code(loop: str, beats: int, rest: float) -> int:
    script = script_of(loop, beats, rest)
    return subprocess.run([sys.executable, "-c", script], timeout=30, check=False).returncode


def test_a_vital_loop_that_stands_still_ends_its_process() -> None:
    assert exit_code("batcher", beats=3, rest=20) == STOOD_STILL


def test_a_loop_that_waits_for_kafka_has_longer_but_not_for_ever() -> None:
    assert exit_code("relay", beats=1, rest=0.6) == 0
    assert exit_code("relay", beats=1, rest=20) == STOOD_STILL


def test_a_loop_that_beats_lives() -> None:
    assert exit_code("batcher", beats=15, rest=0) == 0


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_of_a_process_until_it_is_frozen(tmp_path: Path, abstract: bool) -> None:
    name = f"@{tmp_path}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:] if abstract else name)
        systemd.settimeout(20)
        script = script_of("batcher", beats=300, rest=0)
        env = {**os.environ, "NOTIFY_SOCKET": name}
        process = subprocess.Popen([sys.executable, "-c", script], env=env)
        try:
            assert {systemd.recv(64) for _ in range(3)} == {b"WATCHDOG=1"}
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.3)
            systemd.setblocking(False)
            with suppress(BlockingIOError):
                while systemd.recv(64):
                    pass
            time.sleep(1.5)
            with pytest.raises(BlockingIOError):
                systemd.recv(64)
        finally:
            process.kill()
            process.wait()

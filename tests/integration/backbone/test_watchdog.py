"""A process that hangs without dying ends itself, so that the runner starts it again."""

import subprocess
import sys

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


def exit_code(loop: str, beats: int, rest: float) -> int:
    script = HANGS.replace("{loop}", loop).replace("{beats}", str(beats))
    script = script.replace("{rest}", str(rest))
    return subprocess.run([sys.executable, "-c", script], timeout=30, check=False).returncode


def test_a_vital_loop_that_stands_still_ends_its_process() -> None:
    assert exit_code("batcher", beats=3, rest=20) == STOOD_STILL


def test_a_loop_that_waits_for_kafka_has_longer_but_not_for_ever() -> None:
    assert exit_code("relay", beats=1, rest=0.6) == 0
    assert exit_code("relay", beats=1, rest=20) == STOOD_STILL


def test_a_loop_that_beats_lives() -> None:
    assert exit_code("batcher", beats=15, rest=0) == 0

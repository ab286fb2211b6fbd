"""The tier itself: it finds planted bugs and names what they break, and a seed replays exactly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import told
from tests.simulation.planted import PLANTED, Planted
from tests.simulation.world import run

COMMANDS = 500
# A planted bug shows within so many seeds.
SOON = 100
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.name)
def test_a_planted_bug_is_found_and_named(planted: Planted) -> None:
    """One bug may break several invariants; the one that it is about must be among them soon."""
    for seed in range(SOON):
        found = run(seed, COMMANDS, planted.parts)
        if planted.invariant in {flaw.invariant for flaw in found.flaws}:
            assert f"make simulate SEED={seed} COMMANDS={COMMANDS}" in told(found, COMMANDS)
            return
    pytest.fail(f"{SOON} seeds have not named it")


def test_a_seed_replays_whatever_the_process() -> None:
    """The order of sets of texts differs from process to process; the history must not."""
    here = run(7, COMMANDS).history
    assert here == run(7, COMMANDS).history != run(8, COMMANDS).history
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7", "--commands", str(COMMANDS)]
    paths = os.pathsep.join((str(ROOT), str(ROOT / "libs")))
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
        said = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        assert f"seed 7: {here}" in said.stdout

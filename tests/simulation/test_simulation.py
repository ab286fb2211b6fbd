"""The flow under faults, in one thread from one seed: nothing is lost, doubled or out of order."""

from collections import Counter
from functools import cache

import pytest

from services.workflow.incident import INCIDENTS
from tests.simulation.__main__ import told
from tests.simulation.world import Run, run

SEEDS = 200
COMMANDS = 500


@cache
def ran(seed: int) -> Run:
    return run(seed, COMMANDS)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_seed(seed: int) -> None:
    found = ran(seed)
    assert not found.flaws, told(found, COMMANDS)


def test_the_runs_have_seen_everything() -> None:
    """Every event, every kind of fault, and refusals of every kind: else green means little."""
    faults: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for seed in range(SEEDS // 2):  # they have been run
        faults, answers = faults + ran(seed).faults, answers + ran(seed).answers
    # Supervisions, missions and receipts are other aggregates, which tests/integration plays.
    others = {"SupervisionFollowed", "TeamArrived", "AccusedWithdrawn", "OriginTold"}
    unseen = {event.__name__ for event in INCIDENTS.changes} - {*answers, *others}
    assert not unseen
    reasons = {reason for verb in INCIDENTS.verbs.values() for reason in verb.reasons}
    assert len(reasons & set(answers)) >= 20
    assert set(faults) >= {
        "kill_front", "kill_worker", "freeze", "restart_database", "statement lost",
        "statement unheard", "deadlock", "notice late", "lose_log", "slow_log", "record lost",
        "record unheard", "record doubled", "let_time_pass", "jump_ahead", "step_clock_back",
    }  # fmt: skip
    assert answers["ACCEPTED"] > 2000 and answers["EXPIRED"] > 20

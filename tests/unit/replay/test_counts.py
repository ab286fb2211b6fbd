"""When counts agree, and what is said when they do not."""

import json
from dataclasses import replace
from pathlib import Path

from operate.replay.client import Answer
from operate.replay.counts import Counts, Expected, disagreements
from operate.replay.ledger import Ledger, summary
from operate.replay.report import Report, sums

GOOD = Counts(
    received=10, opened=6, linked=1, answered=1, passed=1, invalid=1,
    offered=6, claimed=6, resolved=6, closed=6, pushed=2, acknowledged=2,
)  # fmt: skip
EXPECTED = Expected(rows=10, sent=2)


def test_sums_that_come_out_agree() -> None:
    assert disagreements(GOOD, EXPECTED) == []


def test_each_sum_that_does_not_come_out_is_named() -> None:
    for change, said in (
        ({"received": 9}, "received = rows: 9 ≠ 10"),
        ({"linked": 2}, "received = opened + linked + answered + passed + invalid: 10 ≠ 11"),
        ({"closed": 5}, "resolved = closed: 6 ≠ 5"),
        ({"pushed": 1, "acknowledged": 1}, "teams sent = pushed: 2 ≠ 1"),
        ({"acknowledged": 1}, "pushed = acknowledged: 2 ≠ 1"),
        ({"lost": 1}, "lost = 0: 1 ≠ 0"),
        ({"doubled": 3}, "doubled = 0: 3 ≠ 0"),
    ):
        assert said in disagreements(replace(GOOD, **change), EXPECTED)


def test_rows_that_changed_since_they_were_taken_do_not_agree() -> None:
    assert disagreements(GOOD, replace(EXPECTED, changed=2)) == ["changed rows = 0: 2 ≠ 0"]


def test_percentiles_are_milliseconds_of_what_was_measured() -> None:
    found = summary(number / 1000 for number in range(1, 101))
    assert found == {"p50": 51.0, "p90": 90.0, "p99": 99.0, "max": 100.0, "n": 100}


def test_a_repeated_answer_is_counted_and_not_timed() -> None:
    ledger = Ledger()
    ledger.took("claim", Answer({}, replayed=True, seconds=1))
    ledger.took("claim", Answer({}, replayed=False, seconds=0.5))
    assert ledger.replayed == 1
    assert ledger.done["claim"] == 2
    assert ledger.table()["claim"]["n"] == 1


def test_the_report_has_what_scripts_rely_on(tmp_path: Path) -> None:
    Report("day", GOOD, {"claim": summary([0.01])}, [], [], {}).write(tmp_path / "r.json")
    written = json.loads((tmp_path / "r.json").read_text())
    assert written["agree"] is True
    assert set(written["counts"]) == {
        "received", "opened", "linked", "answered", "passed", "invalid", "offered", "claimed",
        "resolved", "closed", "pushed", "acknowledged", "lost", "doubled",
    }  # fmt: skip
    assert written["latency_ms"]["claim"] == {
        "p50": 10.0,
        "p90": 10.0,
        "p99": 10.0,
        "max": 10.0,
        "n": 1,
    }


def test_a_person_reads_sums() -> None:
    assert sums(GOOD)[0] == "received 10 = opened 6 + linked 1 + answered 1 + passed 1 + invalid 1"

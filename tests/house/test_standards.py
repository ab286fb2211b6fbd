"""docs/standards.md: every requirement stands there once, and every test that it names exists."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "docs" / "standards.md").read_text("utf-8").splitlines()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in LINES
    if re.match(r"\| (V|8\.)[0-9]", line)
]
# The ids of levels 1 and 2 of OWASP ASVS 5.0.0.
REQUIRED = (Path(__file__).parent / "asvs_5_level_2.txt").read_text().split()
STATES = ("met", "partly", "not", "n/a")
NAMED = re.compile(r"`([a-z_/]+/test_[a-z0-9_]+\.py)(?:::(\w+))?`")


def test_every_requirement_of_the_level_stands_there_once() -> None:
    said = Counter(each for row in ROWS for each in re.findall(r"V\d+\.\d+\.\d+", row[0]))
    assert said == Counter(REQUIRED)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0])[:40])
def test_a_row_has_a_state_and_names_tests_that_exist(row: list[str]) -> None:
    _, state, shown = row
    assert state in STATES
    named = NAMED.findall(shown)
    assert named or state in ("not", "n/a"), "what is met is shown by a test"
    assert named or len(shown) > 3, "what is not met is said with its reason"
    for path, test in named:
        source = (ROOT / "tests" / path).read_text("utf-8")
        assert f"def {test}(" in source or not test, f"{path} has no {test}"

"""Which rows are the same: whatever the file is called, and in whatever form it was saved."""

# ruff: noqa: DTZ001  # a cell has no zone

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from operate.cli import screen
from operate.replay.files import read_day
from operate.replay.identity import Repeat
from operate.replay.report import told_again
from operate.replay.rows import Day, Letter
from operate.replay.taken import look
from tests.replayed import demo_city
from tests.unit.replay.test_inputs import CALLS, PETITIONS, write
from tests.unit.replay.test_sheets import workbook


def keys_of(day: Day) -> dict[int, str]:
    return {row.row: row.key for row in day.rows}


def read(folder: Path, text: str, name: str = "a file.csv") -> Day:
    return read_day(write(folder, text, name), demo_city())


@pytest.mark.parametrize("text", [CALLS, PETITIONS])
def test_a_file_under_another_name_has_the_same_rows(tmp_path: Path, text: str) -> None:
    one, other = read(tmp_path, text), read(tmp_path, text, "又一次导出.csv")
    assert [(row.key, row.stamp) for row in one.rows] == [(r.key, r.stamp) for r in other.rows]


def test_a_row_is_known_at_another_place_and_beside_others(tmp_path: Path) -> None:
    head, *rows = CALLS.splitlines()
    far = "41.9,-77.7,Fire: GAS LEAK,2016-01-15 12:30,NOWHERE,HILL ST"
    whole = keys_of(read(tmp_path, CALLS))
    other = keys_of(read(tmp_path, "\n".join([head, far, *reversed(rows)]) + "\n"))
    assert [other[row] for row in (6, 5, 4, 3)] == [whole[row] for row in (2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2016-01-15 12:05", "2016/1/15 12:05:00"),
        ("40.0,-75.4", "40.00,-75.40"),
        ("UPPER MERION", "  UPPER  MERION "),
        ("EMS: CARDIAC", "ＥＭＳ: CARDIAC"),
    ],
)
def test_a_row_is_known_in_another_form(tmp_path: Path, old: str, new: str) -> None:
    assert old in CALLS
    again = CALLS.replace(old, new)
    assert keys_of(read(tmp_path, again)) == keys_of(read(tmp_path, CALLS))


def test_a_workbook_has_the_rows_of_the_csv(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [
        ("id", "petitioner", "subject", "time", "text"),
        (7, "A1", "路灯不亮", datetime(2019, 2, 28, 11, 25, 5), "村口路灯不亮半年了"),
        (8, "A2", "建议多种树", datetime(2018, 1, 2, 8), "希望能,多种树"),
    ]
    book = read_day(workbook(tmp_path / "p.xlsx", rows), demo_city())
    assert [row.stamp for row in book.rows] == [row.stamp for row in read(tmp_path, PETITIONS).rows]


@pytest.mark.parametrize(
    ("old", "new"),
    [("12:05", "12:06"), ("-75.4", "-75.41"), ("CARDIAC", "STROKE"), ("DEKALB", "D")],
)
def test_a_call_that_says_something_else_is_another_one(tmp_path: Path, old: str, new: str) -> None:
    before, after = (keys_of(read(tmp_path, t)) for t in (CALLS, CALLS.replace(old, new)))
    assert {row for row in before if before[row] != after[row]} == {2}


def test_equal_calls_of_one_file_are_as_many_calls_and_told(tmp_path: Path) -> None:
    twice = CALLS + CALLS.splitlines()[1] + "\n"
    day = read(tmp_path, twice)
    assert len(set(keys_of(day).values())) == 5
    assert day.notes["equal"].startswith("1 rows say what an earlier one says")
    assert keys_of(day) == keys_of(read(tmp_path, twice, "b.csv"))


def with_references(*references: str) -> str:
    head, *rows = CALLS.splitlines()
    told = [f"{row},{reference}" for row, reference in zip(rows, references, strict=True)]
    return "\n".join([f"{head},reference", *told]) + "\n"


def test_a_reference_names_a_call_and_shows_a_change(tmp_path: Path) -> None:
    text = with_references("T1", "T2", "T3", "")
    one, other = read(tmp_path, text), read(tmp_path, text.replace("SANDY", "MUDDY"))
    assert keys_of(one) == keys_of(other)
    stamps = [{row.row: row.stamp for row in day.rows} for day in (one, other)]
    assert {row for row in stamps[0] if stamps[0][row] != stamps[1][row]} == {4}
    assert "编号 T1" in next(row.narrative for row in one.rows if row.row == 2)  # type: ignore[union-attr]


def test_a_reference_that_stands_twice_is_told_and_keeps_no_other_row_back(tmp_path: Path) -> None:
    row = PETITIONS.splitlines()[1]
    day = read(tmp_path, PETITIONS + row + "\n")
    assert day.repeats == (Repeat(4, "7", as_row=2),)
    assert len(day.rows) == 2
    other = read(tmp_path, PETITIONS + row.replace("半年", "一年") + "\n")
    [unread] = other.unread
    assert unread.row == 4 and "rows 2 and 4: both have the reference 7" in unread.why
    assert {each.row for each in other.rows} == {2, 3}, "the first is taken, and no other kept back"


class Office:
    """A client that lists what the city has."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self._records = records

    async def every(self, path: str, **query: Any) -> Any:
        for each in self._records:
            yield each


async def test_what_the_city_has_is_told_and_what_differs_is_not_sent(tmp_path: Path) -> None:
    before, after = read(tmp_path, PETITIONS), read(tmp_path, PETITIONS.replace("半年", "一年"))
    letters = [row for row in before.rows if isinstance(row, Letter)]
    records = [{"code": f"C{row.row}", "text": row.text} for row in letters]
    office: Any = Office(*records)
    again = await look(before, office, [office])
    assert {each.row: each.code for each in again.repeats} == {2: "C2", 3: "C3"}
    assert (again.changed, len(again.records), len(again.rows)) == ([], 2, 2)
    taken = await look(after, office, [office])
    assert taken.changed == [Repeat(2, "7", code="C2")]
    assert [each.row for each in taken.repeats] == [row.row for row in taken.rows] == [3]


async def test_calls_are_known_by_their_receipts(tmp_path: Path) -> None:
    text = with_references("T1", "T2", "T3", "")
    before, after = read(tmp_path, text), read(tmp_path, text.replace("SANDY", "MUDDY"))
    desk: Any = Office(*({"code": f"C{row.row}", "reference": row.stamp} for row in before.rows))
    taken = await look(after, desk, [])
    assert taken.changed == [Repeat(4, "T3", code="C4")]
    assert sorted(each.row for each in taken.repeats) == [2, 3, 5]
    assert (await look(read(tmp_path, CALLS.replace("12:", "13:")), desk, [])).repeats == []


def test_a_person_reads_which_rows_came_again(monkeypatch: pytest.MonkeyPatch) -> None:
    repeats, changed = (
        [Repeat(3, code="990101-1"), Repeat(9, as_row=4)],
        [Repeat(5, "7", "990101-2")],
    )
    for language, said in (
        ("en", ("row 3 (990101-1), row 9 (row 4)", "row 5 (990101-2)")),
        ("zh", ("第 3 行（990101-1）、第 9 行（第 4 行）", "第 5 行（990101-2）")),
    ):
        monkeypatch.setattr(screen, "speaks_chinese", lambda tongue=language: tongue == "zh")
        told = told_again(repeats, changed)
        assert all(part in line for part, line in zip(said, told, strict=True))
    many = told_again([Repeat(row, code="C") for row in range(1, 31)], [])
    assert many[0].startswith("30 行") and "另有 20 行" in many[0]

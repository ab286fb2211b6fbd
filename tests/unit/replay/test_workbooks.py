"""Workbooks at their limits: cells that show no value, sizes that lie, damage of any kind."""

import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from operate.home.trouble import Trouble
from operate.replay.files import read_day
from operate.replay.sheets import read_sheet
from tests.replayed import demo_city
from tests.unit.replay.test_sheets import HEADER, LETTERS, MAIN, RELATIONS, letters, workbook

STRINGS = "xl/sharedStrings.xml"
ROW = (
    '<row r="4"><c r="A4"><v>9</v></c><c r="B4" t="inlineStr"><is><t>丙</t></is></c>'
    '<c r="C4" t="inlineStr"><is><t>主题</t></is></c>'
    '<c r="D4" t="inlineStr"><is><t>2019-04-25</t></is></c>'
    '<c r="E4" t="inlineStr"><is><t>正文</t></is></c></row>'
)


def changed(path: Path, cells: str, strings: str = "", merged: tuple[str, ...] = ()) -> Path:
    """The workbook of two letters with these rows behind them, and these shared texts."""
    plain = workbook(path.with_name("plain.xlsx"), [HEADER, *LETTERS], merged)
    relation = (
        f'<Relationship Id="r3" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
    )
    with zipfile.ZipFile(plain) as packed, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in packed.namelist():
            part = packed.read(name).decode()
            if name.endswith("sheet1.xml"):
                part = part.replace("</sheetData>", f"{cells}</sheetData>")
            elif strings and name == "xl/_rels/workbook.xml.rels":
                part = part.replace("</Relationships>", f"{relation}</Relationships>")
            new.writestr(name, part)
        if strings:
            new.writestr(STRINGS, f'<sst xmlns="{MAIN}">{strings}</sst>')
    return path


LOST = {
    '<c r="{}4"><f>A1&amp;B1</f></c>': "'=…'",
    '<c r="{}4" s="1"><f t="shared" si="0"/><v></v></c>': "'=…'",
    '<c r="{}4"><f>1/0</f><v/></c>': "'=…'",
    '<c r="{}4" t="e"><v>#REF!</v></c>': "'#REF!'",
    '<c r="{}4" s="1" t="e"><f>1/0</f><v>#DIV/0!</v></c>': "'#DIV/0!'",
    '<c r="{}4"><v>110101199003071234</v></c>': "'110101199003071232'",
    '<c r="{}4"><v>1e999</v></c>': "'inf'",
    '<c r="{}4"><v>NaN</v></c>': "'nan'",
}


@pytest.mark.parametrize("column", "ABCDE")
@pytest.mark.parametrize("cell", LOST)
def test_a_cell_that_shows_no_value_is_told_and_not_taken_as_empty(
    tmp_path: Path, cell: str, column: str
) -> None:
    """A petitioner would be 匿名, a subject empty, a reference another one's."""
    before, rest = ROW.split(f'<c r="{column}4"')
    row = before + cell.format(column) + rest.partition("</c>")[2]
    day = read_day(changed(tmp_path / "p.xlsx", row), demo_city())
    assert [each.row for each in day.rows] == [2, 3]
    [unread] = day.unread
    name = HEADER["ABCDE".index(column)]
    assert f"row 4, column {name}: {LOST[cell]} is an error" in unread.why


@pytest.mark.parametrize(
    "cell",
    ['<c r="B4" t="str"><f>A1&amp;B1</f><v>丙</v></c>', '<c r="B4" t="str"><f>""</f><v></v></c>',
     '<c r="B4"><f>1+1</f><v>2</v></c>', '<c r="B4" s="1"/>', '<c r="B4"><v>13800000000</v></c>'],
)  # fmt: skip
def test_a_formula_with_a_result_is_that_result(tmp_path: Path, cell: str) -> None:
    before, rest = ROW.split('<c r="B4"')
    row = before + cell + rest.partition("</c>")[2]
    day = read_day(changed(tmp_path / "p.xlsx", row), demo_city())
    assert sorted(each.row for each in day.rows) == [2, 3, 4] and not day.unread


def test_what_shows_no_value_beside_the_columns_that_are_read_hinders_nobody(
    tmp_path: Path,
) -> None:
    row = ROW.replace("</row>", '<c r="G4" t="e"><v>#REF!</v></c></row>')
    header = (*HEADER, "备注", "算式")
    path = workbook(tmp_path / "plain.xlsx", [header, *LETTERS])
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name).decode() for name in packed.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part.replace("</sheetData>", f"{row}</sheetData>"))
    assert len(letters(path)) == 3


def test_a_row_of_errors_alone_is_a_row(tmp_path: Path) -> None:
    row = '<row r="7"><c r="E7" t="e"><v>#N/A</v></c></row>'
    day = read_day(changed(tmp_path / "p.xlsx", row), demo_city())
    assert [each.row for each in day.unread] == [7]


def test_one_long_text_in_many_cells_is_refused_before_the_memory_is_gone(tmp_path: Path) -> None:
    """100 KB on the disk, ten gigabytes as a table."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(5, 30_005))
    path = changed(tmp_path / "p.xlsx", cells, f"<si><t>{'x' * 32_000}</t></si>")
    assert path.stat().st_size < 400_000
    with pytest.raises(Trouble, match="its texts have over 256 MB"):
        letters(path)
    few = changed(tmp_path / "q.xlsx", cells, "<si><t>9</t></si>")
    assert len(read_sheet(few, lambda names: "id" in names).rows) == 30_002


def test_a_part_whose_size_lies_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path / "p.xlsx", "", f"<si><t>{'x' * 3_000_000}</t></si>")
    raw = bytearray(path.read_bytes())
    entry = raw.rfind(STRINGS.encode()) - 46  # the entry of the directory at the end
    assert raw[entry : entry + 4] == b"PK\x01\x02"
    raw[entry + 24 : entry + 28] = struct.pack("<I", 100)
    path.write_bytes(raw)
    with pytest.raises(Trouble, match="no workbook"):
        letters(path)


def test_merged_cells_that_cover_each_other_are_refused(tmp_path: Path) -> None:
    rows = [HEADER, *[("1", "甲", "路灯不亮", "2019-04-25", "x")] * 10_000]
    path = workbook(tmp_path / "p.xlsx", rows, merged=("A2:E10001",) * 900)
    with pytest.raises(Trouble, match="cover each other"):
        letters(path)


def _bytes_changed(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 2, 5, 20))):
        changed[chance.randrange(4, len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut_off(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(5, len(raw))]


@pytest.mark.parametrize("damage", [_bytes_changed, _cut_off])
def test_a_damaged_workbook_is_read_or_refused_with_a_sentence(
    tmp_path: Path, damage: Callable[[bytes, random.Random], bytes]
) -> None:
    """Damaged data, foreign compressions, encrypted parts: each was an unexpected error."""
    raw = workbook(tmp_path / "plain.xlsx", [HEADER, *LETTERS]).read_bytes()
    path, chance = tmp_path / "p.xlsx", random.Random(7)
    refused = 0
    for _ in range(400):
        path.write_bytes(damage(raw, chance))
        try:
            read_sheet(path, lambda names: "id" in names)
        except Trouble:
            refused += 1
    assert refused > 100

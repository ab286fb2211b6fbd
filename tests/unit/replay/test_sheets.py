"""Files as people save them: encodings, workbooks, dates; what is unreadable says why and where."""

# ruff: noqa: DTZ001  # a cell has no zone

import zipfile
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.home.trouble import Trouble
from operate.replay.dates import FIRST_DAY, ZONE, time_of
from operate.replay.files import read_day
from operate.replay.reach import reaches_too_far
from operate.replay.rows import Call, Letter
from operate.replay.sheets import LARGEST, read_sheet
from tests.replayed import demo_city

HEADER = ("id", "petitioner", "subject", "time", "text")
LETTERS = (
    ("1", "甲", "路灯不亮", "2019/4/25 9:32:09", "村口路灯不亮半年了"),
    ("2", "乙", "建议种树", "2019年4月26日 9时32分", "希望能多种树"),
)
CSV = "\n".join(",".join(row) for row in (HEADER, *LETTERS)) + "\n"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DATE_STYLE = 1


def workbook(path: Path, rows: list[tuple[object, ...]], merged: tuple[str, ...] = ()) -> Path:
    """Write a workbook, part by part, as the standard says; a datetime is a styled serial."""
    body = "".join(
        f'<row r="{number}">'
        + "".join(_cell(at, number, cell) for at, cell in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    merges = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="表1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>'
        + (f"<mergeCells>{merges}</mergeCells>" if merges else "")
        + "</worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + part)
    return path


def _cell(at: int, number: int, cell: object) -> str:
    place = f'r="{chr(ord("A") + at)}{number}"'
    if isinstance(cell, datetime):
        days = (cell - FIRST_DAY).total_seconds() / 86_400
        return f'<c {place} s="{DATE_STYLE}"><v>{days!r}</v></c>'
    if isinstance(cell, int | float):
        return f"<c {place}><v>{cell!r}</v></c>"
    return f'<c {place} t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'


def letters(path: Path) -> list[Letter]:
    return [row for row in read_day(path, demo_city()).rows if isinstance(row, Letter)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_table_is_read_in_the_encoding_in_which_it_was_saved(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "p.csv"
    path.write_text(CSV, encoding=encoding)
    first, second = letters(path)
    assert (first.subject, first.time) == ("路灯不亮", datetime(2019, 4, 25, 9, 32, 9, tzinfo=ZONE))
    assert second.time == datetime(2019, 4, 26, 9, 32, tzinfo=ZONE)


@pytest.mark.parametrize("name", ["联通", "司徒百灵", "é司徒"])
def test_a_name_whose_bytes_could_be_utf_8_too_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(CSV.replace("甲", name, 1), encoding="gb18030")
    assert letters(path)[0].petitioner == name


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_a_table_may_be_delimited_by_something_else(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(CSV.replace(",", delimiter), encoding="gb18030")
    assert [each.subject for each in letters(path)] == ["路灯不亮", "建议种树"]


def test_a_workbook_is_read_with_titles_dates_serials_and_merged_cells(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [
        ("云川市 2019 年信访件",),
        HEADER,
        (1, "甲", "路灯不亮", datetime(2019, 4, 25, 9, 32, 9), "村口路灯不亮半年了"),
        (2, "甲", "建议种树", 43581.397, "希望能多种树"),
        (3, "", "建议种树", "2019-04-27", "再种一些"),
    ]
    path = workbook(tmp_path / "p.xlsx", rows, merged=("A1:E1", "B4:B5"))
    first, second, third = letters(path)
    assert first.time == datetime(2019, 4, 25, 9, 32, 9, tzinfo=ZONE)
    assert second.time == datetime(2019, 4, 26, 9, 31, 41, tzinfo=ZONE)
    assert (third.petitioner, third.time.day) == ("甲", 27)
    assert [each.row for each in (first, second, third)] == [3, 4, 5]


@pytest.mark.parametrize(
    "empty", ["H1:J2", "G2:G40", "A9:C12", "A1:XFD1048576", "E1:Z1", "XFD1:XFD9"]
)
def test_a_merged_range_may_lie_where_nothing_is_written(tmp_path: Path, empty: str) -> None:
    """People merge cells for a signature or a remark; a range over everything shows one cell."""
    path = workbook(tmp_path / "p.xlsx", [HEADER, *LETTERS], merged=(empty,))
    if empty.startswith("A1"):
        with pytest.raises(Trouble, match="holds neither calls"):
            letters(path)
        return
    assert [each.petitioner for each in letters(path)] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("cells", "last"),
    [
        ('<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c></row>',
         "XFD1048576"),
        ('<row r="9"><c r="XFD9"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c>'
         "</row>", "XFD1048576"),
        ('<row r="9"><c r="AAA9" s="1"><v>1</v></c></row><row r="90000"><c s="1" r="B90000"><v>1'
         "</v></c></row>", "AAA90000"),
        ('<row r="1048576"><c r="XFD1048576" s="1"/></row>', ""),
        ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', ""),
    ],
    ids=["the last cell", "a row and a column", "attributes", "a format alone", "the last row"],
)  # fmt: skip
def test_a_stray_sign_far_away_is_named_before_the_memory_is_gone(
    tmp_path: Path, cells: str, last: str
) -> None:
    plain, path = workbook(tmp_path / "plain.xlsx", [HEADER, *LETTERS]), tmp_path / "far.xlsx"
    with zipfile.ZipFile(plain) as packed, zipfile.ZipFile(path, "w") as changed:
        for name in packed.namelist():
            part = packed.read(name)
            changed.writestr(name, part.replace(b"</sheetData>", f"{cells}</sheetData>".encode()))
        assert reaches_too_far(changed) == last
    if last:
        with pytest.raises(Trouble, match=f"as far as cell {last}") as told:
            read_sheet(path, lambda names: "id" in names)
        assert last in told.value.chinese
    else:
        assert len(read_sheet(path, lambda names: "id" in names).rows) >= len(LETTERS)


def test_calls_of_a_workbook_keep_their_numbers(tmp_path: Path) -> None:
    header = ("lat", "lng", "title", "time", "township", "address")
    rows = [header, (40.0, -75.4, "EMS: FALL", datetime(2016, 1, 15, 12, 5), "甲镇", 12)]
    [call] = read_day(workbook(tmp_path / "c.xlsx", rows), demo_city()).rows
    assert isinstance(call, Call) and call.place.endswith(" 12")
    assert call.time == datetime(2016, 1, 15, 12, 5, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (CSV.encode() + b"3,\xff\xff,a,b,c\n", "line 4: byte"),
        (CSV.encode("gb18030") + b"3,\xff\xff,a,b,c\n", "line 4: byte"),
        (CSV.encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04 and nothing more", "no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        (b"", "no rows"),
        (b"\xef\xbb\xbf", "no rows"),
        (b"a" * 200_000 + b"\n1\n", "line 1"),
    ],
)
def test_what_cannot_be_read_says_why_and_where(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(raw)
    with pytest.raises(Trouble, match=said) as told:
        letters(path)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in told.value.chinese)


def test_a_bad_cell_names_row_column_and_encoding(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(CSV.replace("2019年4月26日", "昨天"), encoding="gb18030")
    day = read_day(path, demo_city())
    assert "row 3, column time: '昨天 9时32分'" in day.unread[0].why
    assert day.notes["file"] == "read as GB18030"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    with path.open("wb") as file:
        file.truncate(100_000_000)  # of holes
    with pytest.raises(Trouble, match=f"95 MB; at most {LARGEST >> 20} MB"):
        letters(path)


DATES = {
    datetime(2019, 4, 25, 9, 32, 9): (
        "2019/4/25 9:32:09", "2019-04-25 09:32:09", "2019-04-25T09:32:09", "2019.4.25 9:32:09",
        "2019年4月25日 9时32分9秒", "2019年4月25日9时32分09秒", "20190425093209",
        "2019/4/25 9:32:09", "2019/4/25 上午 9:32:09", "2019/4/25 9:32:09 AM",
        "2019-04-25T09:32:09+08:00", "2019-04-25T01:32:09Z", "2019-04-25 09:32:09.000",
        " 2019/4/25  9:32:09 ", "43580.3973263889", "2019年4月25日 星期四 9:32:09",
    ),
    datetime(2019, 4, 25, 21, 32): (
        "2019/4/25 下午9:32", "2019/4/25 21:32", "2019/4/25 9:32 PM", "2019年4月25日 晚上9点32分",
        "201904252132",
    ),
    datetime(2019, 4, 25): ("2019-04-25", "2019/4/25", "2019年4月25日", "20190425", "43580"),
    datetime(2019, 4, 25, 12, 5): ("2019/4/25 下午 12:05", "2019/4/25 中午12:05"),
    datetime(2019, 4, 25, 0, 5): ("2019/4/25 上午 12:05", "2019/4/25 0:05"),
}  # fmt: skip


@pytest.mark.parametrize(("time", "text"), [(time, text) for time in DATES for text in DATES[time]])
def test_a_date_is_read_as_people_write_it(time: datetime, text: str) -> None:
    assert time_of(text) == time.replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    "text",
    ["", "昨天", "25/4/2019", "2019-13-01", "2019-02-30", "2019/4/25 25:00", "4月25日", "2019", "1",
     "99999", "nan", "2019-04-25 9:61", "-43580", "2019-04-25T09:32:09+99:99",
     "2019/4/25 晚上12:05", "2019/4/25 晚上1:05", "2019/4/25 中午3:05", "2019/4/25 中午0:05"],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        time_of(text)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("中午11:05", 11), ("中午12:05", 12), ("中午1:05", 13), ("晚上7:05", 19), ("晚上23:05", 23),
     ("凌晨12:05", 0), ("上午12:05", 0), ("下午12:05", 12), ("PM 0:05", 12), ("11:05 PM", 23)],
)  # fmt: skip
def test_an_hour_is_before_or_after_noon_as_its_word_says(text: str, hour: int) -> None:
    assert time_of(f"2019/4/25 {text}") == datetime(2019, 4, 25, hour, 5, tzinfo=ZONE)


@given(st.datetimes(datetime(1955, 1, 1), datetime(2118, 1, 1)))
def test_every_form_of_a_time_is_that_time(time: datetime) -> None:
    time = time.replace(microsecond=0)
    here = time.replace(tzinfo=ZONE)
    spoken = f"{time.year}年{time.month}月{time.day}日{time.hour}时{time.minute}分{time.second}秒"
    slashed = f"{time.year}/{time.month}/{time.day} {time.hour}:{time.minute:02}:{time.second:02}"
    serial = repr((time - FIRST_DAY).total_seconds() / 86_400)
    assert {time_of(each) for each in (time.isoformat(), spoken, slashed, serial)} == {here}


def test_another_encoding_is_named_in_the_reader_s_language(tmp_path: Path) -> None:
    """No English stands in the Chinese sentence; headers are read in full width and capitals."""
    file = tmp_path / "letters.csv"
    file.write_bytes(CSV.encode("utf-16"))
    with pytest.raises(Trouble, match="line 1: it is UTF-16") as told:
        letters(file)
    assert "第 1 行是 UTF-16 编码。" in told.value.chinese
    first, _, rest = CSV.partition("\n")
    wide = "".join(chr(ord(each) + 0xFEE0) if each.isalpha() else each for each in first.upper())
    file.write_text(f"{wide}\n{rest}", "utf-8")
    assert len(letters(file)) == len(LETTERS)


def test_a_row_has_the_number_that_a_person_sees_in_the_file(tmp_path: Path) -> None:
    """Empty lines, and lines inside a quoted cell, count as they do in an editor."""
    bad = LETTERS[1][3]
    text = CSV.replace("希望能多种树", '"希望能\n多种树"').replace("\n1,", "\n\n,,,,\n1,")
    text += "\n3,丙,路灯不亮,不知道,村口\n"
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    day = read_day(tmp_path / "p.csv", demo_city())
    assert bad in text and [row.row for row in day.rows] == [4, 5]
    assert [(each.row, "row 8, column time" in each.why) for each in day.unread] == [(8, True)]
    rows: list[tuple[object, ...]] = [
        ("",),
        HEADER,
        ("",),
        LETTERS[0],
        ("",),
        (3, "丙", "x", "?", "y"),
    ]
    day = read_day(workbook(tmp_path / "p.xlsx", rows), demo_city())
    assert ([row.row for row in day.rows], [each.row for each in day.unread]) == ([4], [6])


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("村口路灯不亮半年了", '"村口路灯不亮半年了', 2),
        ("希望能多种树\n", '"希望能多种树\n', 3),
        ("希望能多种树\n", '"希望能多种树', 3),
        ("路灯不亮,", '"路灯不亮,', 2),
    ],
)
def test_a_quotation_mark_that_is_never_closed_is_named(
    tmp_path: Path, old: str, new: str, line: int
) -> None:
    """What follows would be one cell: neither a row that is too short, nor a text to be taken."""
    (tmp_path / "p.csv").write_text(CSV.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Trouble, match=f"line {line}: a quotation mark") as told:
        read_day(tmp_path / "p.csv", demo_city())
    assert f"第 {line} 行：双引号" in told.value.chinese


@pytest.mark.parametrize(
    "closed", ['"希望能种草"', '"希望能种草', '希望"能"种草', '"希望能种草",,']
)
def test_a_quotation_mark_that_a_later_row_closes_is_named(tmp_path: Path, closed: str) -> None:
    """The rows between would be part of one text: none of them would be taken."""
    text = CSV.replace("村口路灯不亮半年了", '"村口路灯不亮半年了')
    (tmp_path / "p.csv").write_text(text.replace("希望能多种树", closed), encoding="utf-8")
    with pytest.raises(Trouble, match="line 2: a quotation mark"):
        read_day(tmp_path / "p.csv", demo_city())


def test_a_column_that_is_read_stands_once(tmp_path: Path) -> None:
    rows = [f"{row},{more}" for row, more in zip(CSV.splitlines(), ("Text", "x", "y"), strict=True)]
    (tmp_path / "p.csv").write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(Trouble, match="more than one column text"):
        read_day(tmp_path / "p.csv", demo_city())
    (tmp_path / "p.csv").write_text("\n".join(rows).replace("Text", "备注"), encoding="utf-8")
    assert read_day(tmp_path / "p.csv", demo_city()).rows


@pytest.mark.parametrize("text", ['"希望能""多""种树"', '"希望能\n\n多种树"', '5"路灯', '""'])
def test_a_quotation_mark_that_is_closed_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.csv").write_text(CSV.replace("希望能多种树", text), encoding="utf-8")
    assert read_day(tmp_path / "p.csv", demo_city()).rows


@pytest.mark.parametrize(("more", "told"), [("，夜里,很黑", ",很黑"), (",,", "")])
def test_what_stands_beyond_the_last_column_is_not_dropped(
    tmp_path: Path, more: str, told: str
) -> None:
    """A comma in a text without quotation marks: half of it would be taken. Empty ones are none."""
    text = CSV.replace("希望能多种树", f"希望能多种树{more}")
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    day = read_day(tmp_path / "p.csv", demo_city())
    assert [each.row for each in day.unread] == ([3] if told else [])
    assert len(day.rows) == (1 if told else 2)
    assert told.strip(",") in "".join(each.why for each in day.unread)

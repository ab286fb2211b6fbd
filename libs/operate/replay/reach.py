"""How far the first sheet of a workbook reaches: a stray sign in its last cell makes it a table of
17,000,000,000 cells, for which no machine has the memory."""

import re
from zipfile import ZipFile

# More than a city's calls of a year, and less than a gigabyte.
MOST_CELLS = 10_000_000
# A cell that has a content; those that have a format alone are none for the reader.
CELL = re.compile(
    rb'<(?:\w{1,9}:)?c\s(?:[^<>]{0,120}?\s)?r="([A-Z]{1,3})([0-9]{1,7})"[^<>]{0,120}(?<!/)>'
)
FIRST = re.compile(rb'<(?:\w+:)?sheet\s[^>]*?:id="([^"]+)"')
RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
BOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


def reaches_too_far(packed: ZipFile) -> str:
    """The last cell of the first sheet, such as XFD1048576, if that makes a table too large to be
    read; else empty."""
    part = first_sheet(packed)
    if part not in packed.namelist():
        return ""  # the reader of the workbook tells its flaw
    columns, rows = set(), set()
    for cell in CELL.finditer(packed.read(part)):
        columns.add(cell[1])
        rows.add(cell[2])
    if not rows:
        return ""
    last_column = max(columns, key=number_of_column)
    last_row = max(map(int, rows))
    if number_of_column(last_column) * last_row <= MOST_CELLS:
        return ""
    return f"{last_column.decode()}{last_row}"


def first_sheet(packed: ZipFile) -> str:
    """The name of its part; of a workbook without a list of them, nothing."""
    try:
        first = FIRST.search(packed.read(BOOK))
        relations = RELATION.findall(packed.read(RELATIONS))
    except KeyError:
        return ""
    wanted = b'Id="%s"' % first[1] if first else b"-"
    target = next(
        (re.search(rb'Target="([^"]+)"', each) for each in relations if wanted in each), None
    )
    path = target[1].decode("utf-8", "replace") if target else ""
    return path.lstrip("/") if path.startswith("/") else f"xl/{path}"


def number_of_column(column: bytes) -> int:
    """1 of A, 16384 of XFD."""
    number = 0
    for letter in column:
        number = number * 26 + letter - ord("A") + 1
    return number

"""The rows of a file as people have it: CSV in UTF-8 or GB18030, or a workbook's first sheet."""

import io
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from backbone.words.encodings import UnknownEncoding, decoded
from operate.home.csv_rows import Numbered, rows_of, unreadable
from operate.home.given_file import bytes_of
from operate.home.trouble import Trouble
from operate.replay.cells import BEYOND, Unusable
from operate.replay.packed import DAMAGED, shown_bytes, unpack, without_value
from operate.replay.reach import MOST_CELLS, reaches_too_far

MEGABYTE = 1024 * 1024
LARGEST = 64 * MEGABYTE
UNPACKED = 4 * LARGEST
# From here on a spreadsheet has lost digits of a number.
EXACT = 10**15
WORKBOOK, OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# The first one, unless the first line has more of another.
DELIMITERS = (",", "\t", ";")
# Titles may stand above the header: 某市 2019 年接警记录.
MOST_TITLES = 10

# Cells by column name; the last columns of a row that is too short are None.
Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows below the header by their line or row in the file, as a person sees it there, and
    how the file was read: UTF-8, GB18030 or XLSX."""

    header: list[str]
    rows: dict[int, Row]
    read_as: str


def read_sheet(path: Path, is_header: Callable[[frozenset[str]], bool]) -> Sheet:
    """Read a file. Raises Trouble for one that cannot be read, is too large or has no rows."""
    raw = _read(path)
    is_book = raw.startswith((WORKBOOK, OLD_WORKBOOK))
    cells, read_as = _of_workbook(path, raw) if is_book else _of_text(path, raw)
    heads = (frozenset(_names(row)) for _, row in cells[:MOST_TITLES])
    top = next((at for at, names in enumerate(heads) if is_header(names)), 0)
    if len(cells) <= top + 1:
        raise Trouble(f"{path} has no rows.", f"{path} 没有数据行。")
    header = _names(cells[top][1])
    rows: dict[int, Row] = {
        number: {**dict.fromkeys(header), **_named(header, row)} for number, row in cells[top + 1 :]
    }
    return Sheet(header, rows, read_as)


def _named(header: list[str], row: list[str]) -> Row:
    """The cells by their columns. What stands beyond the last column is as a rule the rest of a
    text with a delimiter in it."""
    named: Row = dict(zip(header, row, strict=False))
    more = [cell for cell in row[len(header) :] if cell.strip()]
    return {**named, BEYOND: "…".join(more)} if more else named


def _names(row: list[str]) -> list[str]:
    """The names of columns, in full width or capitals too."""
    return [unicodedata.normalize("NFKC", cell).strip().lower() for cell in row]


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise Trouble(
                f"{path} has {size // MEGABYTE} MB; at most {LARGEST // MEGABYTE} MB are read. "
                "Split it into several files.",
                f"{path} 有 {size // MEGABYTE} MB，最多读取 {LARGEST // MEGABYTE} MB。"
                "请拆分成几个文件。",
            )
        return bytes_of(path)
    except OSError as error:
        raise unreadable(str(path), str(error)) from error


def _of_text(path: Path, raw: bytes) -> tuple[Numbered, str]:
    try:
        text, encoding = decoded(raw)
    except UnknownEncoding as error:
        raise Trouble(
            f"{path} cannot be read: line {error.line}: {error}. "
            "Save it as CSV in UTF-8 or GB18030, or as XLSX.",
            f"无法读取 {path}：第 {error.line} 行{error.chinese}。"
            "请另存为 UTF-8 或 GB18030 编码的 CSV，或 XLSX。",
        ) from error
    top = text.partition("\n")[0]
    return rows_of(str(path), text, max(DELIMITERS, key=top.count)), encoding


def _of_workbook(path: Path, raw: bytes) -> tuple[Numbered, str]:
    try:
        lost = _looked_at(path, raw) if raw.startswith(WORKBOOK) else {}
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0)
        rows = enumerate(_filled(path, sheet, lost), start=1)
        return [(at, row) for at, row in rows if any(cell.strip() for cell in row)], "XLSX"
    except (CalamineError, *DAMAGED) as error:
        raise _no_workbook(path, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of the reader, which is written in Rust
            raise
        raise _no_workbook(path, error) from error


def _no_workbook(path: Path, error: BaseException) -> Trouble:
    return Trouble(
        f"{path} cannot be read: it is no workbook without password ({error}). "
        "Save it as XLSX without a password, or as CSV.",
        f"无法读取 {path}：不是未加密的工作簿（{error}）。请另存为不加密的 XLSX，或 CSV。",
    )


def _looked_at(path: Path, raw: bytes) -> Mapping[tuple[int, int], Unusable]:
    """The cells that show no value. Raises Trouble for a workbook that memory would not hold."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        if sum(each.file_size for each in packed.infolist()) > UNPACKED:
            raise unreadable(str(path), f"unpacked it has over {UNPACKED // MEGABYTE} MB")
        unpack(packed)
        if last := reaches_too_far(packed):
            raise Trouble(
                f"{path} cannot be read: something is written as far as cell {last} of its "
                "first sheet. Empty what lies beside and below the table, or save it as "
                "CSV.",
                f"无法读取 {path}：第一张工作表直到单元格 {last} 仍有内容。"
                "请清空表格右侧和下方的多余单元格，或另存为 CSV。",
            )
        if shown_bytes(packed) > UNPACKED:
            raise unreadable(str(path), f"its texts have over {UNPACKED // MEGABYTE} MB")
        return without_value(packed)


def _filled(
    path: Path, sheet: CalamineSheet, lost: Mapping[tuple[int, int], Unusable]
) -> Iterator[list[str]]:
    """The rows; each cell of a merged range has what the range shows.

    A range beside or below all that is written shows nothing. Raises Trouble for ranges that cover
    each other, as no program writes them: to fill them may take hours.
    """
    rows = [list(map(_text, row)) for row in sheet.to_python(skip_empty_area=False)]
    for (at, column), text in lost.items():
        rows += [[] for _ in range(at + 1 - len(rows))]
        rows[at] += [""] * (column + 1 - len(rows[at]))
        rows[at][column] = text
    covered = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        shown = rows[top][left : left + 1] if top < len(rows) else []
        covered += 1
        for row in rows[top : bottom + 1]:
            covered += (part := len(row[left : right + 1]))
            row[left : right + 1] = shown * part
        if covered > 4 * MOST_CELLS:
            raise unreadable(str(path), "its merged cells cover each other")
    yield from rows


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        plain = str(int(cell))  # a telephone number, not 1.38e10
        return plain if abs(cell) < EXACT else Unusable(plain)
    if isinstance(cell, float) and not isfinite(cell):
        return Unusable(str(cell))
    return str(cell)

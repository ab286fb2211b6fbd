"""Reads one cell of a file; errors name its row and column. One bad row keeps no other back."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from operate.home.trouble import Trouble

T = TypeVar("T")

# In the place of a column: what a row has beyond the last one. A name of a column is trimmed.
BEYOND = " beyond"


class Unusable(str):
    """The text of a cell that is not what its author has written: an error, a formula without a
    result, a number with more digits than spreadsheets keep."""

    __slots__ = ()


# The expected content of a cell, in English and in Chinese.
Expected = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that was not taken, and why: a cell of it cannot be read or is missing, or an earlier
    row has its reference and says something else."""

    row: int
    why: str


def each_read(
    name: str,
    table: Mapping[int, Mapping[str, str]],
    columns: frozenset[str],
    read: Callable[[str, Mapping[str, str]], T],
    optional: frozenset[str] = frozenset(),
) -> tuple[dict[int, T], tuple[Unread, ...]]:
    """What `read` makes of each row with these columns, by its number, and the rows that cannot be
    read.

    Raises the Trouble of the first one if no row can.
    """
    found: dict[int, T] = {}
    unread: list[tuple[int, Trouble]] = []
    for number, row in table.items():
        try:
            _require_columns(name, number, row, columns)
            _require_values(name, number, row, columns | optional)
            found[number] = read(f"{name}#{number}", row)
        except Trouble as trouble:
            unread.append((number, trouble))
    if unread and not found:
        raise unread[0][1]
    return found, tuple(Unread(number, str(trouble)) for number, trouble in unread)


def _require_columns(
    name: str, number: int, row: Mapping[str, str], columns: frozenset[str]
) -> None:
    if BEYOND in row:
        raise Trouble(
            f"{unquote(name)}, row {number}: it has more cells than the header ({row[BEYOND]}); a "
            "text with a delimiter needs quotation marks. Correct the file, then run the same "
            "command again.",
            f"{unquote(name)} 第 {number} 行的单元格多于表头（{row[BEYOND]}）；"
            "含分隔符的文字须加双引号。请更正文件后重新执行。",
        )
    if missing := ", ".join(sorted(columns - row.keys())):
        raise Trouble(
            f"{unquote(name)}, row {number}: the row is too short, it has no {missing}. "
            "Correct the file, then run the same command again.",
            f"{unquote(name)} 第 {number} 行过短，缺少 {missing}。请更正文件后重新执行。",
        )


def _require_values(
    name: str, number: int, row: Mapping[str, str], columns: frozenset[str]
) -> None:
    for column in sorted(columns):
        if isinstance(text := row.get(column), Unusable):
            raise Trouble(
                f"{unquote(name)}, row {number}, column {column}: {str(text)!r} is an error, a "
                "formula without a result, or a number of more than 15 digits, of which the last "
                "ones are lost. Write the value as a text, then run the same command again.",
                f"{unquote(name)} 第 {number} 行 {column} 列：{str(text)!r} 是错误值、"
                "没有结果的公式或超过 15 位的数字（末位已失真）。请将其改为文本后重新执行。",
            )


def cell(
    spot: str, row: Mapping[str, str], column: str, read: Callable[[str], T], what: Expected
) -> T:
    """The value of the cell in the row at `spot`, as `name#number`, counted as in the file.

    Raises Trouble that names file, row and column.
    """
    try:
        return read(row[column])
    except ValueError as error:
        name, _, number = spot.rpartition("#")
        english, chinese = what
        raise Trouble(
            f"{unquote(name)}, row {number}, column {column}: {row[column]!r} is not {english}. "
            "Correct the file, then run the same command again.",
            f"{unquote(name)} 第 {number} 行 {column} 列：{row[column]!r} 不是{chinese}。"
            "请更正文件后重新执行。",
        ) from error


def degrees(limit: float) -> Callable[[str], float]:
    """A reader of numbers from minus to plus the limit, which raises ValueError otherwise."""

    def read(text: str) -> float:
        number = float(unicodedata.normalize("NFKC", text))
        if not abs(number) <= limit:  # nan, too
            raise ValueError(text)
        return number

    return read

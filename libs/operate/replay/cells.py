"""Reads one cell of a file; errors name its row and column."""

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import unquote

from operate.home.trouble import Trouble

T = TypeVar("T")

# The expected content of a cell, in English and in Chinese.
Expected = tuple[str, str]


def cell(
    spot: str, row: Mapping[str, str], column: str, read: Callable[[str], T], what: Expected
) -> T:
    """The value of the cell in the row at `spot`, as `name#number`, counted without the header.

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
        number = float(text)
        if not abs(number) <= limit:  # nan, too
            raise ValueError(text)
        return number

    return read

"""One cell of a file: read, or told with its row and column."""

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import unquote

from operate.home.trouble import Trouble

T = TypeVar("T")

# What a reader of cells expects, in English and in Chinese.
Expected = tuple[str, str]


def cell(
    key: str, row: Mapping[str, str], column: str, read: Callable[[str], T], what: Expected
) -> T:
    """What the cell says. Raises Trouble that names the row, counted without the header."""
    try:
        return read(row[column])
    except ValueError as error:
        name, _, number = key.rpartition("#")
        english, chinese = what
        raise Trouble(
            f"{unquote(name)}, row {number}, column {column}: {row[column]!r} is not {english}. "
            "Correct the file, then run the same command again.",
            f"{unquote(name)} 第 {number} 行 {column} 列:{row[column]!r} 不是{chinese}。"
            "请更正文件后重新执行。",
        ) from error


def degrees(limit: float) -> Callable[[str], float]:
    """Reads a number between minus and plus the limit. Raises ValueError for anything else."""

    def read(text: str) -> float:
        number = float(text)
        if not abs(number) <= limit:  # nan, too
            raise ValueError(text)
        return number

    return read

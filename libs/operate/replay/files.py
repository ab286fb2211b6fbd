"""Reads a CSV file of calls or of petitions, told apart by its header."""

import csv
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from operate.home.trouble import Trouble
from operate.replay import call_file, petition_file
from operate.replay.city import City
from operate.replay.rows import Day

LONGEST_NAME = 72

# Rows by column name; the last columns of a row that is too short are None.
Table = list[dict[str, str]]


def read_day(path: Path, city: City) -> Day:
    """Read a file. Raises Trouble for other columns, or for the first unreadable row."""
    table = read_table(path)
    name = name_of(path)
    columns = {column for column in table[0] if column}
    if columns >= call_file.COLUMNS:
        complete(path, table, call_file.COLUMNS)
        return call_file.read(name, table, city)
    if columns >= petition_file.COLUMNS:
        complete(path, table, petition_file.COLUMNS)
        return petition_file.read(name, table, city)
    calls, petitions = (", ".join(sorted(each.COLUMNS)) for each in (call_file, petition_file))
    raise Trouble(
        f"{path} holds neither calls ({calls}) nor petitions ({petitions}): "
        f"its columns are {', '.join(sorted(columns))}.",
        f"{path} 既不是报警记录({calls})也不是信访件({petitions}):"
        f"它的列为 {', '.join(sorted(columns))}。",
    )


def complete(path: Path, table: Table, columns: frozenset[str]) -> None:
    """Raise Trouble for the first row that lacks columns."""
    for number, row in enumerate(table, start=1):
        if missing := sorted(column for column in columns if row[column] is None):
            names = ", ".join(missing)
            raise Trouble(
                f"{path}, row {number}: the row is too short, it has no {names}. "
                "Correct the file, then run the same command again.",
                f"{path} 第 {number} 行过短,缺少 {names}。请更正文件后重新执行。",
            )


def name_of(path: Path) -> str:
    """The file's name for idempotency keys: ASCII, and short enough for suffixes."""
    name = quote(path.name)
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 17]}-{sha256(name.encode()).hexdigest()[:16]}"


def read_table(path: Path) -> Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Trouble(f"{path} cannot be read: {error}", f"无法读取 {path}:{error}") from error
    if not table:
        raise Trouble(f"{path} has no rows.", f"{path} 没有数据行。")
    return table

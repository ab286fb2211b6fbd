"""Reads a file of calls or of petitions, told apart by its header."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from operate.home.trouble import Trouble
from operate.replay import call_file, petition_file
from operate.replay.city import City
from operate.replay.rows import Day
from operate.replay.sheets import Row, read_sheet

LONGEST_NAME = 72

Table = dict[int, dict[str, str]]


def read_day(path: Path, city: City) -> Day:
    """Read a file; rows that cannot be read are told beside the others. Raises Trouble for other
    columns, or if no row can be read."""
    sheet = read_sheet(path, lambda columns: kind_of(columns) is not None)
    columns = frozenset(filter(None, sheet.header))
    kind = kind_of(columns)
    if kind is not None:
        _require_once(path, sheet.header, kind.COLUMNS)
        try:
            day: Day = kind.read(name_of(path), cells_of(sheet.rows), city)
            read_as = {"file": f"read as {sheet.read_as}"} if day.unread else {}
            return replace(day, notes={**day.notes, **read_as})
        except Trouble as trouble:
            raise Trouble(
                f"{trouble.english} (The file was read as {sheet.read_as}.)",
                f"{trouble.chinese}(文件按 {sheet.read_as} 读取。)",
            ) from trouble
    calls, petitions = (", ".join(sorted(each.COLUMNS)) for each in (call_file, petition_file))
    raise Trouble(
        f"{path} holds neither calls ({calls}) nor petitions ({petitions}): "
        f"its columns are {', '.join(sorted(columns))}.",
        f"{path} 既不是报警记录（{calls}）也不是信访件（{petitions}）："
        f"它的列为 {', '.join(sorted(columns))}。",
    )


def _require_once(path: Path, header: list[str], read: frozenset[str]) -> None:
    """Raises Trouble for a column that is read and stands there twice: either may be meant."""
    if doubled := sorted(name for name in read if header.count(name) > 1):
        names = ", ".join(doubled)
        raise Trouble(
            f"{path} has more than one column {names}: leave one of each.",
            f"{path} 中有重复的列 {names}：每列只保留一个。",
        )


def kind_of(columns: frozenset[str]) -> Any:
    """The module that reads a file with these columns; None for other columns."""
    kinds = (call_file, petition_file)
    return next((kind for kind in kinds if columns >= kind.COLUMNS), None)


def cells_of(rows: Mapping[int, Row]) -> Table:
    """The cells that each row has; one that is too short has fewer."""
    return {
        number: {name: cell for name, cell in row.items() if cell is not None}
        for number, row in rows.items()
    }


def name_of(path: Path) -> str:
    """The file's name for reports: ASCII, and short."""
    name = quote(path.name)
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 17]}-{sha256(name.encode()).hexdigest()[:16]}"

"""Reads a file of calls or of petitions; its header says which of the two it is."""

import csv
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from operate.replay import call_file, petition_file
from operate.replay.city import City
from operate.replay.rows import Day
from operate.trouble import Trouble

LONGEST_NAME = 72

Table = list[dict[str, str]]


def read_day(path: Path, city: City) -> Day:
    """Raises Trouble for a file that is neither."""
    table = read_table(path)
    name = name_of(path)
    columns = set(table[0])
    if columns >= call_file.COLUMNS:
        return call_file.read(name, table, city)
    if columns >= petition_file.COLUMNS:
        return petition_file.read(name, table, city)
    calls, petitions = (", ".join(sorted(each.COLUMNS)) for each in (call_file, petition_file))
    raise Trouble(
        f"{path} holds neither calls ({calls}) nor petitions ({petitions}): "
        f"its columns are {', '.join(sorted(columns))}.",
        f"{path} 既不是报警记录({calls})也不是信访件({petitions}):"
        f"它的列为 {', '.join(sorted(columns))}。",
    )


def name_of(path: Path) -> str:
    """The file's name as a key may have it: ASCII, and not too long for what comes after it."""
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

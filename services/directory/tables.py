"""Reads the pack's tables: CSV rows with line numbers; flaws name line and column."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from backbone.words.areas import Level
from services.directory.flaws import Flaws, Spot

SEPARATOR = ";"
# What the reader says of a quotation mark that is never closed.
OPEN = "unexpected end of data"


@dataclass(frozen=True, slots=True)
class Row:
    """One row; each reading method notes a flaw for a wrong value."""

    file: str
    line: int
    values: Mapping[str, str]
    flaws: Flaws

    @property
    def spot(self) -> Spot:
        return Spot(self.file, self.line)

    def text(self, column: str) -> str:
        """A required value."""
        value = self.maybe(column)
        if not value:
            self._flaw(column, "VALUE_MISSING", "it may not be empty")
        return value

    def maybe(self, column: str) -> str:
        """An optional value; empty too where the table has no such column."""
        return self.values.get(column, "").strip()

    def words(self, column: str) -> tuple[str, ...]:
        """Several values, separated by semicolons."""
        parts = (part.strip() for part in self.maybe(column).split(SEPARATOR))
        return tuple(part for part in parts if part)

    def level(self, column: str) -> Level:
        """An optional level, by its name."""
        name = self.maybe(column)
        if name and name not in Level.__members__:
            names = ", ".join(Level.__members__)
            self._flaw(column, "LEVEL_UNKNOWN", f"{name!r} is none of {names}")
            return Level.UNSPECIFIED
        return Level[name] if name else Level.UNSPECIFIED

    def _flaw(self, column: str, reason: str, detail: str) -> None:
        self.flaws.add(Spot(self.file, self.line, column), reason, column, detail)


def read_table(
    file: str, text: str, columns: tuple[str, ...], flaws: Flaws, later: tuple[str, ...] = ()
) -> list[Row]:
    """Return the rows of a table; its header must name exactly these columns, in any order.

    `later` are columns that older packs lack.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        wrong = sorted((set(header) - set(later)) ^ set(columns))
        if wrong or len(header) != len(set(header)):
            detail = f"the columns must be {','.join(columns)}"
            flaws.add(Spot(file, 1), "COLUMNS_WRONG", ",".join(wrong), detail)
            return []
        return list(_rows(file, header, reader, flaws))
    except csv.Error as error:
        line, is_open = _broken_row(text), str(error) == OPEN
        detail = "a quotation mark is opened there and never closed" if is_open else str(error)
        flaws.add(Spot(file, line), "CSV_BROKEN", file, detail)
        return []


def _broken_row(text: str) -> int:
    """The line on which the row begins that cannot be read: it may hold all that follows."""
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    with suppress(csv.Error):
        for _ in reader:
            line = reader.line_num + 1
    return line


def _rows(file: str, header: list[str], reader: Iterator[list[str]], flaws: Flaws) -> Iterator[Row]:
    seen: dict[str, int] = {}
    begins: int = reader.line_num + 1  # type: ignore[attr-defined]  # missing in the type stubs
    for cells in reader:
        line, begins = begins, reader.line_num + 1  # type: ignore[attr-defined]
        if not cells:
            continue
        if len(cells) != len(header):
            detail = f"it has {len(cells)} values, the header {len(header)}"
            flaws.add(Spot(file, line), "ROW_UNEVEN", cells[0], detail)
            continue
        if cells[0] in seen:
            detail = f"{header[0]} stands in line {seen[cells[0]]} already"
            flaws.add(Spot(file, line, header[0]), "DUPLICATE", cells[0], detail)
            continue
        seen[cells[0]] = line
        yield Row(file, line, dict(zip(header, cells, strict=True)), flaws)

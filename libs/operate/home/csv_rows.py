"""The rows of a text of comma-separated values, each with the line on which it begins."""

import csv
import io

from operate.home.trouble import Trouble

Numbered = list[tuple[int, list[str]]]


def rows_of(place: str, text: str, delimiter: str = ",") -> Numbered:
    """Empty lines count, and make no row. Raises Trouble for a text that cannot be read; `place`
    names its file.

    A quotation mark that is never closed would make one cell of all that follows it, and one that
    the opening mark of a later row closes, of the rows between.
    """
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(lines, delimiter=delimiter)
    rows: Numbered = []
    line = last = 1
    try:
        for cells in reader:
            rows.append((line, cells))
            last, line = line, reader.line_num + 1
            if line > last + 1 and _is_broken("".join(lines[last - 1 : line - 1]), delimiter):
                raise _unpaired(place, last)
    except csv.Error as error:
        raise unreadable(place, f"line {reader.line_num}: {error}") from error
    if _is_open("".join(lines[last - 1 :]), delimiter):
        raise _unpaired(place, last)
    return [(at, cells) for at, cells in rows if any(cell.strip() for cell in cells)]


def _is_broken(row: str, delimiter: str) -> bool:
    """Whether text follows the mark that closes a cell of several lines."""
    try:
        [*csv.reader(io.StringIO(row, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error as error:
        return "expected after" in str(error)
    return False


def _unpaired(place: str, line: int) -> Trouble:
    return Trouble(
        f'{place}, line {line}: a quotation mark (") is opened and not closed, so that what '
        "follows would be one cell. Correct the file, then run the same command again.",
        f'{place} 第 {line} 行：双引号（"）没有配对，其后的内容会被当作一个单元格。'
        "请更正文件后重新执行。",
    )


def _is_open(row: str, delimiter: str) -> bool:
    """Whether a further line would belong to the last row, too."""
    probe = csv.reader(io.StringIO(f"{row}\nend", newline=""), delimiter=delimiter)
    last: list[str] = [*probe][-1]
    return last != ["end"]


def unreadable(place: str, why: str) -> Trouble:
    return Trouble(f"{place} cannot be read: {why}", f"无法读取 {place}:{why}")

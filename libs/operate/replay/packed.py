"""The flaws of a packed workbook (XLSX) that its reader hides: sizes that lie, one text in a
million cells, errors and formulas that read as empty cells."""

import lzma
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from zipfile import BadZipFile, ZipFile

from operate.replay.cells import Unusable
from operate.replay.reach import first_sheet, number_of_column

STRINGS = "xl/sharedStrings.xml"
# What damaged, encrypted and foreign archives raise.
DAMAGED = (
    *(BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, ValueError, OSError, IndexError),
)
PIECE = 1 << 20
# Attributes and values are short; without a bound a file without ends would be read for ever.
SHARED = re.compile(
    rb'<(?:\w{1,9}:)?c\s[^<>]{0,120}?\bt="s"[^<>]{0,120}>\s{0,9}'
    rb"<(?:\w{1,9}:)?v>\s{0,9}([0-9]{1,9})\s{0,9}<"
)
ERROR = re.compile(rb'<(?:\w{1,9}:)?c\s([^<>]{0,120}?\bt="e"[^<>]{0,120})(?<!/)>')
LONGEST = 9_000  # of a formula, and its cell
FORMULA = re.compile(
    rb"<(?:\w{1,9}:)?c\s([^<>]{0,120})(?<!/)>\s{0,9}"
    rb"<(?:\w{1,9}:)?f\b(?:[^<>]{0,500}/>|[^<>]{0,500}>[^<]{0,9000}</(?:\w{1,9}:)?f>)\s{0,9}"
    rb"(?:<(?:\w{1,9}:)?v\s{0,9}(?:/>|>\s{0,9}</(?:\w{1,9}:)?v>)\s{0,9})?</(?:\w{1,9}:)?c>"
)
# A text may be empty; everything else that a formula results in is written in its cell.
OF_TEXT = re.compile(rb'\bt="str"')
PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')


def unpack(packed: ZipFile) -> None:
    """Read every part once. Raises BadZipFile for one that is larger than the archive says, and the
    other errors of DAMAGED."""
    for each in packed.infolist():
        with packed.open(each) as part:
            while part.read(PIECE):
                pass


def shown_bytes(packed: ZipFile) -> int:
    """The bytes of all texts of the first sheet: one that many cells share counts for each."""
    sheet = _part(packed, first_sheet(packed))
    texts = [len(each) for each in _part(packed, STRINGS).split(b"</si>")]
    shared = Counter(int(each[1]) for each in SHARED.finditer(sheet))
    return sum(count * texts[at] for at, count in shared.items() if at < len(texts))


def without_value(packed: ZipFile) -> Mapping[tuple[int, int], Unusable]:
    """The cells of the first sheet with an error, or a formula whose result was never written, by
    row and column from 0 on."""
    sheet = _part(packed, first_sheet(packed))
    found = {}
    for each in ERROR.finditer(sheet):
        if (place := _place(each[1])) is not None:
            found[place] = Unusable(_value_after(sheet, each.end()))
    for each in FORMULA.finditer(sheet):
        if (place := _place(each[1])) is not None and not OF_TEXT.search(each[1]):
            found.setdefault(place, Unusable("=…"))
    return found


def _value_after(sheet: bytes, start: int) -> str:
    """The value of a cell whose tag ends there."""
    at = sheet.find(b"v>", start, start + LONGEST)
    value = sheet[at + 2 : at + 22].partition(b"<")[0] if at > 0 else b""
    return value.decode("utf-8", "replace") or "#N/A"


def _place(attributes: bytes) -> tuple[int, int] | None:
    found = PLACE.search(attributes)
    return (int(found[2]) - 1, number_of_column(found[1]) - 1) if found else None


def _part(packed: ZipFile, name: str) -> bytes:
    return packed.read(name) if name in packed.namelist() else b""

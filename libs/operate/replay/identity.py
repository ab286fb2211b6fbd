"""Which rows of files are the same: by their reference, or by what they say. Pure.

Neither the name of the file nor the place of a row counts, so that a file under another name, a
longer export or the same rows as a workbook are known again. A row with a reference, such as the
`id` of a petition, is that record; without one a row is what it says, and equal rows of one file
are that many records.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from operate.home.trouble import Trouble
from operate.replay.cells import Unread

# Letters alone: digits in a text may be taken for a number of a person, and masked.
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
KEY, CONTENT = 24, 12
SIGN = "."


@dataclass(frozen=True, slots=True)
class Said:
    """One row: its reference, empty without one, and its cells in one form for all files."""

    row: int
    reference: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """`key` names the record; `content` is the digest of the row beside a reference, else empty."""

    row: int
    key: str
    content: str = ""
    reference: str = ""

    @property
    def stamp(self) -> str:
        """What a record keeps, so that it is found and compared again."""
        return f"{self.key}{SIGN}{self.content}" if self.content else self.key


@dataclass(frozen=True, slots=True)
class Repeat:
    """A row that was taken before: as the record of this code, or as an earlier row of the file."""

    row: int
    reference: str = ""
    code: str = ""
    as_row: int = 0


@dataclass(frozen=True, slots=True)
class Identities:
    """The rows to take, those that repeat an earlier row of the file by its reference, and how many
    rows without a reference say what an earlier one says. `contradictions` have the reference of an
    earlier row and say something else."""

    rows: Sequence[Identity]
    repeats: Sequence[Repeat]
    equal: int
    contradictions: Sequence[Unread] = ()


def identify(file: str, kind: str, said: Iterable[Said]) -> Identities:
    """Of several rows with one reference the first is taken."""
    first: dict[str, Identity] = {}
    found: list[Identity] = []
    repeats: list[Repeat] = []
    contradictions: list[Unread] = []
    times: Counter[str] = Counter()
    for each in said:
        content = _digest("content", kind, *each.cells)
        if not each.reference:
            times[content] += 1
            found.append(Identity(each.row, _nth(content[:KEY], times[content])))
            continue
        key = _digest("reference", kind, each.reference)[:KEY]
        own = Identity(each.row, key, content[:CONTENT], each.reference)
        known = first.setdefault(key, own)
        if known is own:
            found.append(own)
        elif known.content == own.content:
            repeats.append(Repeat(each.row, each.reference, as_row=known.row))
        else:
            contradictions.append(Unread(each.row, str(_contradiction(file, own, known))))
    equal = sum(number - 1 for number in times.values())
    return Identities(found, repeats, equal, contradictions)


def parts_of(stamp: str) -> tuple[str, str]:
    """The key and the content of a stamp."""
    key, _, content = stamp.partition(SIGN)
    return key, content


def plain(cell: str) -> str:
    """A cell in one form: full width and all kinds of spaces alike."""
    return " ".join(unicodedata.normalize("NFKC", cell).split())


def _nth(key: str, number: int) -> str:
    return key if number == 1 else f"{key}-{number}"


def _digest(*parts: str) -> str:
    """The parts with their lengths, so that none can be moved into another one."""
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(whole.encode()).hexdigest().translate(LETTERS)


def _contradiction(file: str, own: Identity, known: Identity) -> Trouble:
    return Trouble(
        f"{file}, rows {known.row} and {own.row}: both have the reference {own.reference}, and say "
        f"different things; row {known.row} was taken. Correct the file, then run the same command "
        "again.",
        f"{file} 第 {known.row} 行和第 {own.row} 行编号相同（{own.reference}），内容不同，"
        f"已登记第 {known.row} 行。请更正文件后重新执行。",
    )

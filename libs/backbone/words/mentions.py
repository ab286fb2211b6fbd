"""Finds a person in a free text: the name and the numbers that are known, however they are typed.

Width, case, spaces, invisible characters and punctuation between the characters do not matter;
digits may be written in Chinese, and a country or area code may be left out. Pure.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from backbone.words.texts import INVISIBLE

NAME, NUMBER = "［报警人］", "［号码］"
# A name of one character, or a shorter number, would be found everywhere.
SHORTEST_NAME, SHORTEST_NUMBER = 2, 7
LONGEST_LOCAL = 8  # digits of a number without its area code
_NUMERALS = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_DIGITS = dict(zip(_NUMERALS, "001234567891123456789", strict=True))
_INVISIBLE = frozenset(INVISIBLE)

Letters = Sequence[tuple[str, int]]  # each folded character, and where it stands in the text
Span = tuple[int, int, str]


def mentions(text: str, names: Iterable[str], numbers: Iterable[str]) -> bool:
    """Whether the text has one of these names or numbers."""
    return bool(_found(text, names, numbers))


def without(
    text: str, names: Iterable[str], numbers: Iterable[str], also: Iterable[Span] = ()
) -> str:
    """The text with these names and numbers masked, and with what else is known to name them."""
    parts, end = [], 0
    called = ((start, stop, NAME) for start, stop, _ in also)
    for start, stop, mask in sorted([*_found(text, names, numbers), *called], key=_longest_first):
        if start >= end:
            parts += [text[end:start], mask]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _longest_first(span: Span) -> tuple[int, int]:
    return span[0], -span[1]


def _found(text: str, names: Iterable[str], numbers: Iterable[str]) -> list[Span]:
    called = {folded(name) for name in names}
    dialled = {form for number in numbers for form in _forms(number)}
    if not text or not (called or dialled):
        return []
    letters = letters_of(text)
    spans = [
        span
        for name in called
        if len(name) >= SHORTEST_NAME
        for span in _spans(letters, "".join(sign for sign, _ in letters), name, NAME)
    ]
    digits = "".join(digit_of(sign) for sign, _ in letters)
    return spans + [span for each in dialled for span in _spans(letters, digits, each, NUMBER)]


def letters_of(text: str) -> Letters:
    """The letters and digits of the text, folded; what stands between them is left out."""
    return [
        (sign, at)
        for at, character in enumerate(text)
        if character not in _INVISIBLE
        for sign in _signs(character)
    ]


@lru_cache(maxsize=16_384)
def _signs(character: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", character).casefold()))


def folded(text: str) -> str:
    return "".join(sign for sign, _ in letters_of(text))


def digit_of(sign: str) -> str:
    """The digit, also of a Chinese numeral; the X of an id number; else a bar."""
    if sign in "0123456789x":
        return sign
    return _DIGITS.get(sign, "|")


def _forms(number: str) -> set[str]:
    """The number as people may write it: with and without country and area code."""
    digits = "".join(map(digit_of, folded(number))).replace("|", "")
    national = digits.removeprefix("00").removeprefix("86") if len(digits) > 11 else digits
    forms = {digits, national if len(national) >= 11 else digits}
    if digits.startswith("0") and len(digits) > LONGEST_LOCAL:
        area = 3 if digits[1:2] in ("1", "2") else 4
        forms.add(digits[area:])
    return {form for form in forms if len(form) >= SHORTEST_NUMBER}


def _spans(letters: Letters, stream: str, wanted: str, mask: str) -> list[Span]:
    spans, at = [], stream.find(wanted)
    while at >= 0:
        last = at + len(wanted) - 1
        spans.append((letters[at][1], letters[last][1] + 1, mask))
        at = stream.find(wanted, last + 1)
    return spans

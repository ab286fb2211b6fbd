"""Reads a text as its letters and digits alone, so that a search finds each way of typing a word.

Width, case, spaces, invisible characters and punctuation between the characters do not matter, nor
does it matter whether a character is a traditional or a simplified one. Pure.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from backbone.words.texts import INVISIBLE
from backbone.words.traditional import SIMPLIFIED

# Chinese numerals, in words and on cheques, and as they are said by radio.
NUMERALS = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖洞两拐勾"
DIGITS = dict(zip(NUMERALS, "0012345678911234567890279", strict=True))
_INVISIBLE = frozenset(INVISIBLE)
# Signs that stand between the groups of a number, or between two numbers.
_SLASHES = str.maketrans("/*／＊", "----")

Letters = Sequence[tuple[str, int]]  # each folded character, and where it stands in the text
Span = tuple[int, int, str]


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
    plain = unicodedata.normalize("NFKC", character).casefold().translate(SIMPLIFIED)
    return "".join(filter(str.isalnum, plain))


def folded(text: str) -> str:
    return "".join(sign for sign, _ in letters_of(text))


@lru_cache(maxsize=16_384)
def digit_of(sign: str) -> str:
    """The digit, also of a Chinese numeral; the X of an id number; else a bar."""
    if sign in "0123456789x":
        return sign
    digit = _in_digits(sign)
    return digit if digit.isascii() and digit.isdecimal() else "|"


def in_digits(text: str) -> str:
    """The text with European digits for Chinese numerals, and for those of other scripts."""
    return "".join(map(_in_digits, unicodedata.normalize("NFKC", text)))


def _in_digits(sign: str) -> str:
    if sign.isdigit() and not sign.isascii():  # ❶, ١
        return str(unicodedata.digit(sign))
    return DIGITS.get(sign, sign)


def in_groups(text: str) -> str:
    """The same, with hyphens for what else separates the groups of a number: so a number that
    people wrote can be brought into its one form."""
    return in_digits(text).translate(_SLASHES)

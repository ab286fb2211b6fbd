"""Finds personal numbers in a free text: by their form and their check digit, however typed.

Telephone numbers, identity numbers, bank cards, passports and number plates. Width, case, spaces,
line breaks, dashes and Chinese numerals do not matter. Pure.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import chain
from typing import NamedTuple, TypeAlias

import phonenumbers

from backbone.words.dialled import is_dialled, is_something_else
from backbone.words.known_numbers import as_read, whole
from backbone.words.letters import NUMERALS, Letters, Span, digit_of, letters_of
from backbone.words.matter_code import is_code

# A text with fewer digits than this has no number that is personal.
FEWEST = 3
_SOME = re.compile(rf"[\d{NUMERALS}⁰¹²³⁴-⁹₀-₉①-⓿❶-➓]")
# Signs that may stand between digits of one number, beside white space; `|` stands for a letter.
_GAP = frozenset("()[]<>.,'_~·•‐‑‒–—―−-+＋（）［］〈〉《》．，、＇＿～－/*／＊\ufe0f\u20e3")
_LONGEST_GAP = 5
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}][a-hj-np-z](?:[a-hj-np-z0-9]{{6}}|[a-hj-np-z0-9]{{5}}|"
    rf"[a-hj-np-z0-9]{{4}}(?:[挂学警港澳领使临试超]|应急))"
)
_PASSPORT = re.compile(
    r"(?:护照|证件|通行证|台胞证|回乡证|passport)[^a-z0-9]{0,6}([a-z]{0,2}[0-9]{7,10})(?![a-z0-9])"
)
# Taiwan, Hong Kong and Macao are dialled like another country, and written without a plus.
_NEAR = re.compile(r"85[23]|886")
# A landline with its area code: 8 digits after 010 and 02x, else 7 or 8.
_LANDLINE = re.compile(
    r"(?:(?:00)?860?|0)(?:(?:10|2[0-9])[2-8][0-9]{7}|[3-9][0-9]{2}[2-8][0-9]{6,7})"
)
# Digits of a number with the code of its country.
SHORTEST_ABROAD, LONGEST_ABROAD = 8, 15
# 99 is no region of the country: the demo city lies there.
_REGION = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|99")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
Place: TypeAlias = tuple[int, int, str]  # among the folded signs, and the kind
PHONE, IDENTITY, CARD, PLATE, PASSPORT = "phone", "identity", "card", "plate", "passport"


def numbers_in(text: str) -> list[Span]:
    """Where personal numbers stand, and the kind of each; in order, without overlaps."""
    if len(_SOME.findall(text)) < FEWEST:
        return []
    letters = letters_of(text)
    signs = "".join(sign for sign, _ in letters)
    digits = "".join(digit_of(sign) for sign, _ in letters)
    joined = [_joins(text, letters[n - 1][1], letters[n][1]) for n in range(1, len(letters))]
    read = _Read(text, letters, signs, digits, joined, _behind_plus(text, letters))
    found: list[Place] = []
    found += _numbers(read)
    said = as_read(signs)
    found += [(m.start(), m.end(), PLATE) for m in _PLATE.finditer(said) if _is_plate(m, said)]
    found += [(m.start(1), m.end(1), PASSPORT) for m in _PASSPORT.finditer(said)]
    spans: list[Span] = []
    end = 0
    for first, last, kind in sorted(found, key=lambda each: (each[0], -each[1])):
        start, stop = letters[first][1], letters[last - 1][1] + 1
        if start < end:
            continue
        if kind == PHONE:
            start, stop = whole(text, letters, signs, first, last)
        spans.append((max(start, end), stop, kind))
        end = stop
    return spans


def _behind_plus(text: str, letters: Letters) -> frozenset[int]:
    """Which letters follow a plus."""
    if "+" not in text and "＋" not in text:
        return frozenset()
    ends = [0, *(at + 1 for _, at in letters)]
    between = (text[end:at] for end, (_, at) in zip(ends, letters, strict=False))
    return frozenset(n for n, gap in enumerate(between) if "+" in gap or "＋" in gap)


def _joins(text: str, one: int, next_one: int) -> int:
    """0 if the signs stand side by side, 1 if a gap is between them that one number may have, 2 if
    they cannot belong to one number."""
    gap = text[one + 1 : next_one]
    if not gap:
        return 0
    fits = len(gap) <= _LONGEST_GAP and all(
        sign in _GAP or not sign.isprintable() or sign.isspace() for sign in gap
    )
    return 1 if fits else 2


class _Read(NamedTuple):
    """The folded signs of a text and where they stand, which of them are digits, how each joins the
    next one, and which follow a plus."""

    text: str
    letters: Letters
    signs: str
    digits: str
    joined: list[int]
    plus: frozenset[int]

    def ends(self, stop: int, end: int) -> bool:
        """Whether a number may end there, in a row of digits that ends at `end`."""
        return stop == end or (stop < end and self.joined[stop - 1] > 0)


def _numbers(read: _Read) -> Iterator[Place]:
    """A number begins and ends at a gap or at a sign that is no digit."""
    digits, joined = read.digits, read.joined
    at, most = 0, len(digits)
    while at < most:
        if digits[at] in "|x" or (at and digits[at - 1] not in "|x" and not joined[at - 1]):
            at += 1
            continue
        end = at + 1
        while end < most and digits[end] != "|" and joined[end - 1] < 2:
            end += 1
        found = next(_at(read, at, end), None)
        if found is None:
            at += 1
            continue
        yield found
        at = found[1]


def _at(read: _Read, at: int, end: int) -> Iterator[Place]:
    found = chain(_of_form(read, at, end), _abroad(read, at, end), _subscribers(read, at, end))
    return (place for place in found if place[2] != PHONE or not _is_else(read, *place[:2]))


def _is_else(read: _Read, at: int, stop: int) -> bool:
    return is_something_else(read.text, read.letters[at][1], read.letters[stop - 1][1] + 1)


def _of_form(read: _Read, at: int, end: int) -> Iterator[Place]:
    for kind, lengths, fits in _FORMS:
        for length in lengths:
            stop = at + length
            if not read.ends(stop, end) and (stop > end or read.digits[stop] != "x"):
                continue
            said = read.digits[at:stop]
            if fits(said) and not _is_of_code(read.digits, at, end):
                yield at, stop, kind


def _abroad(read: _Read, at: int, end: int) -> Iterator[Place]:
    """A number with the code of another country, behind a plus or two zeros, or apart."""
    if at in read.plus:
        first = at
    elif read.digits.startswith("00", at):
        first = at + 2
    elif _NEAR.match(read.digits, at) and read.ends(at + 3, end):
        first = at
    else:
        return
    for stop in range(min(end, first + LONGEST_ABROAD), first + SHORTEST_ABROAD - 1, -1):
        if read.ends(stop, end) and _is_abroad(read.digits[first:stop]):
            yield at, stop, PHONE


def _subscribers(read: _Read, at: int, end: int) -> Iterator[Place]:
    """A number without the code of its area, where the text says that it is one."""
    if read.digits[at] not in "2345678":
        return
    for stop in (at + 8, at + 7):
        if read.ends(stop, end) and is_dialled(read.signs, at, stop, read.digits[at:stop]):
            yield at, stop, PHONE


def _is_abroad(said: str) -> bool:
    """Whether it is a valid number with the code of its country."""
    try:
        return "x" not in said and phonenumbers.is_valid_number(phonenumbers.parse(f"+{said}"))
    except phonenumbers.NumberParseException:
        return False


def _is_of_code(digits: str, at: int, end: int) -> bool:
    """Whether the digits are the code of a matter, which is no person's number."""
    said = digits[at:end]
    if len(said) < 19 or not _REGION.match(said) or not _is_day(f"20{said[6:12]}"):
        return False
    return is_code(f"{said[:12]}-{said[12:-1]}-{said[-1]}")


def _is_mobile(said: str) -> bool:
    national = said[-11:]
    return national[0] == "1" and national[1] in "3456789" and said[:-11] in ("", "86", "0086", "0")


def _is_landline(said: str) -> bool:
    return _LANDLINE.fullmatch(said) is not None


def _is_identity(said: str) -> bool:
    if not _REGION.match(said) or not said[:17].isdecimal() or not _is_day(said[6:14]):
        return False
    total = sum(int(sign) * weight for sign, weight in zip(said, _WEIGHTS, strict=False))
    return "10x98765432"[total % 11] == said[17]


def _is_old_identity(said: str) -> bool:
    return bool(_REGION.match(said)) and said.isdecimal() and _is_day(f"19{said[6:12]}")


def _is_day(said: str) -> bool:
    try:
        day = date(int(said[:4]), int(said[4:6]), int(said[6:]))
    except ValueError:
        return False
    return 1900 <= day.year <= 2100


def _is_card(said: str) -> bool:
    """By its issuer's first digit and Luhn's check digit."""
    if said[0] not in "34569" or not said.isdecimal() or len(set(said)) < 3:
        return False
    total = 0
    for place, sign in enumerate(reversed(said)):
        value = int(sign) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_plate(match: re.Match[str], signs: str) -> bool:
    behind = signs[match.end() : match.end() + 1]
    return sum(map(str.isdecimal, match[0])) >= FEWEST and not (
        behind.isascii() and behind.isalnum()
    )


_FORMS: tuple[tuple[str, tuple[int, ...], Callable[[str], bool]], ...] = (
    (IDENTITY, (18,), _is_identity),
    (IDENTITY, (17,), lambda said: _is_identity(f"{said}x")),  # its X stands there as ×, * or 叉
    (CARD, (19, 18, 17, 16), _is_card),
    (PHONE, (15, 13, 12, 11), _is_mobile),
    (PHONE, (16, 15, 14, 13, 12, 11), _is_landline),
    (IDENTITY, (15,), _is_old_identity),
)

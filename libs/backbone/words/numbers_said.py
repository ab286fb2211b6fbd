"""Reads the numbers in a field in which people write more than a number. Pure.

Several of them (13800138000，13900139000), or words beside one (13800138000（儿子）).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from backbone.words.contacts import SEVERAL
from backbone.words.known_numbers import SHORTEST
from backbone.words.letters import in_digits
from backbone.words.personal_numbers import CARD, PLATE, numbers_in

# Pieces that are no number are dropped afterwards, so commas may part, and so may words that also
# stand in names.
_BETWEEN = re.compile(rf"{SEVERAL.pattern}|[,，]|和|及")
# Also one whose check digit is wrong: it was typed wrong twice.
_CARD = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9])")
# One mobile number, behind a name that ends with a numeral (李四13800138000); or several without
# anything between them.
_MOBILES = re.compile(r"(?<![0-9])(?:1[3-9][0-9]{9})+(?![0-9])")
MOBILE = 11


def numbers_said(fields: Iterable[str]) -> frozenset[str]:
    """Each field as it is, and the numbers in it."""
    return frozenset(number for field in fields for number in (field, *numbers_of_field(field)))


@lru_cache(maxsize=4096)
def numbers_of_field(field: str) -> tuple[str, ...]:
    """The telephone and identity numbers that stand in the field beside something else."""
    found = [
        in_digits(field[start:stop])
        for start, stop, kind in numbers_in(field)
        if kind not in (CARD, PLATE)
    ]
    plain = in_digits(field)
    rows = [row for text in (field, plain) for row in _MOBILES.findall(text)]
    mobiles = [row[at : at + MOBILE] for row in rows for at in range(0, len(row), MOBILE)]
    others = [each.strip() for each in _BETWEEN.split(field) if _is_long(each)]
    apart = [each for each in others if not any(number in each for number in mobiles)]
    numbers = dict.fromkeys([*found, *_CARD.findall(plain), *mobiles, *apart])
    return tuple(number for number in numbers if number != field.strip())


def _is_long(piece: str) -> bool:
    return sum(map(str.isdecimal, in_digits(piece))) >= SHORTEST

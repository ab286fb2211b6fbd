"""Finds a known number in a free text, in every form that is the same number to `contacts`.

So what is recognised as the number of a repeated call is taken out of a text, too: with and
without the code of the country, of the area, the line of an extension, and its last digits where a
text says that they are the last ones (尾号9876, 9876结尾). The whole of it is found, so that no
fragment is left over. Pure.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

import phonenumbers

from backbone.words.contacts import TO, contact_of, contacts_of
from backbone.words.letters import Letters, digit_of, folded, in_digits, in_groups

SHORTEST = 7  # a shorter number would be found everywhere
# What may stand behind a line, in folded signs.
_TO = "(?:转分机|转接|转|分机号|分机|extension|ext|x)"
_EXTENSION = re.compile(f"{_TO}([0-9]{{1,8}})(?![0-9])")
_HYPHENED = re.compile(r"[-‐-―−－#＃]\d{1,6}(?![\d.．年月日]|[-‐-―−－]\d)")
_AREAS = r"10|2\d|[3-9]\d\d"
_LANDLINE = re.compile(rf"0({_AREAS})([2-8]\d{{6,7}})")
_SUBSCRIBER = re.compile(r"[2-8]\d{6,7}")
_PLUS = re.compile(r"[+＋]\s?[(（\[]?\s?$")
_OPENS, _CLOSES = "(（[［〈《", ")）]］〉》"
_TAIL = "(?:尾号|尾数|末尾|[末后][0-9]位(?:数字?)?|最后[0-9]个数字?)[^0-9]{0,3}"
_HEAD = "(?:开头|打头|起头)[^0-9]{0,6}"
_ENDS = "(?:的?结尾|收尾|为尾|尾号)"
TAILS = (8, 7, 6, 5, 4, 3)


def spans_of(text: str, letters: Letters, numbers: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where these numbers stand in the text; may overlap."""
    signs = "".join(sign for sign, _ in letters)
    read = as_read(signs)
    for number in numbers:
        for needed, way in _ways(number):
            # Most texts have no number: then no expression is compiled for the caller's own.
            there = needed[0] in read and needed[-1] in read
            for found in _compiled(way).finditer(read) if there else ():
                first, last = found.span("said")
                yield whole(text, letters, signs, first, last)


def as_read(signs: str) -> str:
    """The folded signs with a digit for each numeral."""
    return "".join(sign if (digit := digit_of(sign)) == "|" else digit for sign in signs)


def whole(text: str, letters: Letters, signs: str, first: int, last: int) -> tuple[int, int]:
    """Where a number with these letters begins and ends in the text: with its extension, with the
    plus before it, and with both of its brackets."""
    behind = signs[last : last + 20]
    to = _EXTENSION.match(as_read(behind))
    if to and len(to[1]) == 1 and not behind[to.start(1)].isascii():
        to = None  # 转一下
    last += to.end() if to else 0
    start, stop = letters[first][1], letters[last - 1][1] + 1
    if not to and (hyphened := _HYPHENED.match(text, stop)):
        stop = hyphened.end()
    if plus := _PLUS.search(text, max(0, start - 4), start):
        start = plus.start()
    inside = text[start:stop]
    opened, closed = (sum(map(inside.count, signs)) for signs in (_OPENS, _CLOSES))
    if closed > opened and start and text[start - 1] in _OPENS:
        start -= 1
    if opened > closed and text[stop : stop + 1] and text[stop] in _CLOSES:
        stop += 1
    return start, stop


def digits_of(numbers: frozenset[str]) -> frozenset[str]:
    """The digits of these numbers in each way to dial them, of which a text may hide a part."""
    return frozenset(chain.from_iterable(map(_dialled, numbers)))


@lru_cache(maxsize=4096)
def _dialled(number: str) -> frozenset[str]:
    lines = {contact.partition(TO)[0] for contact in _contacts(number)}
    plain = {"".join(map(digit_of, folded(line))).replace("|", "") for line in lines}
    for found in filter(None, map(_LANDLINE.fullmatch, lines)):
        plain |= {found[2], f"{found[1]}{found[2]}"}
    plain |= {f"{code}{line}" for line in plain if line[:1] not in "0+" for code in ("86", "0086")}
    return frozenset(line for line in plain if len(line) >= SHORTEST and line.isdecimal())


def _contacts(number: str) -> set[str]:
    return {*contacts_of(in_digits(number)), contact_of(in_groups(number))}


@lru_cache(maxsize=4096)
def _ways(number: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """An expression for each way in which people write the numbers of a field, and before it the
    digits without which a text cannot match the expression."""
    return tuple(way for each in sorted(_contacts(number)) for way in _written(each))


_compiled = lru_cache(maxsize=4096)(re.compile)


def _written(contact: str) -> Iterator[tuple[tuple[str, ...], str]]:
    line, to, extension = contact.partition(TO)
    if to and not (extension.isascii() and extension.isdecimal()):
        line, extension = contact, ""  # a text that is no number, and has one in it
    digits = "".join(map(digit_of, folded(line))).replace("|", "")
    if len(digits) < SHORTEST:
        return
    way = _subscriber(line) or _abroad(line) or f"(?:(?:00)?86)?0?{digits}"
    inside = f"(?:{_TO}?{extension}(?![0-9]))?" if extension else ""
    ending = digits[-min(TAILS) :]
    yield (ending,), f"(?P<said>{way}{inside})"
    tails = "|".join(digits[-length:] for length in TAILS if length < len(digits))
    yield (ending,), f"{_TAIL}(?P<said>{tails})(?![0-9])"
    heads = "|".join(digits[:length] for length in TAILS if length < len(digits))
    yield (ending, "尾"), f"(?<![0-9])(?P<said>(?:(?:{heads}){_HEAD})?(?:{tails})){_ENDS}"


def _subscriber(line: str) -> str:
    """A landline: with any code of an area before it, or with its own one without the zero."""
    found = _LANDLINE.fullmatch(line)
    if not found and not _SUBSCRIBER.fullmatch(line):
        return ""
    own = f"|(?:(?:00)?86)?{found[1]}" if found else ""
    return f"(?:(?:(?:00)?860?|0)(?:{_AREAS}){own})?{found[2] if found else line}"


def _abroad(line: str) -> str:
    """A number of another country: with and without the code of the country."""
    if not line.startswith("+"):
        return ""
    try:
        number = phonenumbers.parse(line)
    except phonenumbers.NumberParseException:
        return ""
    country, national = str(number.country_code), phonenumbers.national_significant_number(number)
    code = f"(?:00)?{country}0?"
    return f"(?:{code})?{national}" if len(national) >= SHORTEST else f"{code}{national}"

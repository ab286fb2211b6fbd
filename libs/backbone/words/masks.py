"""Personal data for a screen: recognisable, but not revealed. Pure."""

import re

from backbone.words.contacts import TO, identity_of, line_of, number_of
from backbone.words.letters import in_digits, in_groups
from backbone.words.nobody import names_nobody
from backbone.words.numbers_said import numbers_of_field

# Names of persons and firms: all but the first character is masked.
NAMES = ("name", "subscriber", "against")
# Mobile and id numbers are masked in their customary form: first three and last four digits.
USUAL = re.compile(r"1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]")
SHORTEST_USUAL = 11
# A landline with its area code, and a number of another country.
DIALLED = re.compile(r"0[1-9][0-9]{8,10}|\+[0-9]{8,15}")
# What stands behind the hyphen of a whole landline is an extension.
_LAST_GROUP = re.compile(r"(.*)[-‐-―−#](\d{1,6})")


def masked(field: str, text: str) -> str:
    """Mask personal data for a screen: recognisable, but not revealed.

    A name keeps its first character, a word that names nobody (房东) is shown as it is. A mobile or
    id number keeps its first three and last four digits, any other text at most half. A telephone
    number is shown in its one form, however it is typed.
    Of several numbers, or one with words beside it, the numbers alone are shown so.
    Of a number with an extension the line is shown so, as its last digits are those that people
    know; how long the extension is tells itself.
    """
    if field.rpartition(".")[2] in NAMES:
        if names_nobody(text):
            return text
        first, last = len(text[1:2]), 0
    elif line := line_of(number := telephone_of(text)):
        extension = number.removeprefix(f"{line}{TO}")
        return f"{masked(field, line)}{TO}{'*' * len(extension)}"
    elif usual := _usual(text):
        text, first, last = usual, 3, 4
    elif several := numbers_of_field(text):
        return "、".join(dict.fromkeys(masked(field, each) for each in several))
    else:
        text = number if DIALLED.fullmatch(number) else text
        first = last = len(text) // 4
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]


def telephone_of(text: str) -> str:
    """The telephone number that a text is, in one form; "" for another text."""
    plain = "".join(in_groups(text).split())
    if found := _LAST_GROUP.fullmatch(plain):
        line = number_of(found[1])
        if DIALLED.fullmatch(line):
            return f"{line}{TO}{found[2]}"
    return number_of(plain)


def _usual(text: str) -> str:
    """The mobile or id number that a text is, in whatever form; "" for any other text."""
    if USUAL.fullmatch(text):
        return text
    if sum(map(str.isdecimal, in_digits(text))) < SHORTEST_USUAL:
        return ""
    return next(filter(USUAL.fullmatch, (identity_of(text), telephone_of(text))), "")

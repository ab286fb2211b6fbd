"""一案一码: the permanent code of a matter: `<area><yymmdd>-<number>-<check>`.

The check digit follows ISO 7064 MOD 11,10: it detects every wrong digit and nearly every swap.
"""

from datetime import date
from enum import StrEnum

from backbone.words.texts import squeezed

# The digits before the first hyphen; and of a whole code.
HEAD = 12
LEAST_DIGITS, MOST_DIGITS = 19, 40


class Intake(StrEnum):
    """The first digit of the number, by intake: the services' numbers never collide."""

    ALARM = "0"
    PETITION = "1"
    DISPUTE = "2"
    POPULATION = "3"


KINDS = frozenset(Intake)


def mint(area: str, day: date, intake: Intake, number: int) -> str:
    """Return the code of the day's `number`-th matter; the number has at least five digits."""
    serial = f"{intake}{number:05d}"
    head = f"{area[:6]}{day:%y%m%d}"
    return f"{head}-{serial}-{check_digit(head + serial)}"


def is_code(text: str) -> bool:
    """Say whether the text has the form of a code, with a valid check digit."""
    head, _, rest = text.partition("-")
    serial, _, check = rest.partition("-")
    digits = head + serial
    return (
        len(head) == 12
        and len(serial) >= 6
        and digits.isascii()
        and digits.isdecimal()
        and (check == str(check_digit(digits)))
    )


def intake_of(code: str) -> Intake | None:
    """The intake that minted the code; None for a text that is none."""
    written = code_of(code)
    return Intake(written[HEAD + 1]) if is_code(written) and written[HEAD + 1] in KINDS else None


def code_of(text: str) -> str:
    """The code that a text means: in full width, without hyphens or with others, with spaces. A
    text that has not the form of a code is returned as it is, trimmed."""
    plain = squeezed(text)
    if LEAST_DIGITS <= len(plain) <= MOST_DIGITS and plain.isascii() and plain.isdecimal():
        return f"{plain[:HEAD]}-{plain[HEAD:-1]}-{plain[-1]}"
    return text.strip()


def check_digit(digits: str) -> int:
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10

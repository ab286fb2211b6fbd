"""Brings telephone numbers and identity card numbers into one form, however they are typed. Pure.

The form of a Chinese number is the one in which it is dialled within the country (13800138000,
057188001234, 4008008820, 12345), because indexes of earlier releases were made of that; another
country's number is `+` and its digits. An extension stays apart: `057188001234转8012`.
"""

import re

import phonenumbers

from backbone.words.texts import BETWEEN, narrow, squeezed

HOME = "CN"
TO = "转"
COUNTRY = 86
_LABEL = re.compile(r"^(?:tel|phone|mobile|电话|手机|座机|固话|联系电话|联系方式)[:.]?", re.I)
_EXTENSION = re.compile(
    r"^(?P<main>.*\d\D*?)(?:转分机|转|分机号|分机|;?ext(?:ension)?[.=]?|x|#)[:.]?(?P<extension>\d{1,8})号?$",
    re.I,
)
# The third group of a landline that is written with hyphens is an extension, too.
_HYPHENS = re.compile(r"^(?P<main>(?:\+?86-)?(?:0\d{2,3}-)?[2-8]\d{6,7})-(?P<extension>\d{1,6})$")
_HYPHEN = re.compile(r"[‐-―−]")
_NUMBER = re.compile(r"\+?\d{3,}")
# Eleven digits that begin so are a mobile number, however they are grouped.
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?0?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?!400|800)(?:10|2\d|[3-9]\d\d)[2-8]\d{6,7}")
_SUBSCRIBER = re.compile(r"[2-8]\d{6,7}")
LONGEST_SHORT = 6  # 110, 12345, 10086, 955880, and extensions inside a house

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_OLD_CARD = re.compile(r"[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}")
# Between several contacts in one field; commas also stand between the digits of one.
SEVERAL = re.compile(r"[/／、;；|｜\n]|或者|或")


def number_of(text: str, dialling_code: str = "") -> str:
    """The number that a text means, in one form; "" for a text that is no telephone number.

    `dialling_code` is that of the city, such as 0571: it completes a number without one.
    """
    plain = narrow(text)
    plain = _LABEL.sub("", _HYPHEN.sub("-", plain)).strip()
    if mobile := _MOBILE.fullmatch(BETWEEN.sub("", plain)):
        return mobile[1]
    found = _HYPHENS.match(plain) or _EXTENSION.match(plain)
    main = found["main"] if found else plain
    digits = BETWEEN.sub("", main)
    if not _NUMBER.fullmatch(digits):
        return ""
    number, before = _dialled(digits, dialling_code), digits
    while number != before:  # prefixes may hide one another; each round takes one away
        number, before = _dialled(number, dialling_code), number
    return f"{number}{TO}{found['extension']}" if found else number


def line_of(number: str) -> str:
    """The line of a number in that form, if it has an extension; "" for one that has none.

    Extensions of one line are different telephones, mostly of one house.
    """
    line, to, _ = number.partition(TO)
    return line if to else ""


def _dialled(digits: str, dialling_code: str) -> str:
    """The number as it is dialled within the country, or with `+` for another country's."""
    if digits.isdecimal() and len(digits) <= LONGEST_SHORT:
        return digits
    if _SUBSCRIBER.fullmatch(digits):
        return _complete(dialling_code) + digits
    try:
        number = phonenumbers.parse(digits, HOME)
    except phonenumbers.NumberParseException:
        return digits
    if number.country_code != COUNTRY:
        return f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    within = phonenumbers.national_significant_number(number)
    if _SUBSCRIBER.fullmatch(within):  # +86 88001234 lacks the code of the city
        return _complete(dialling_code) + within
    return f"0{within}" if _LANDLINE.fullmatch(within) else within


def _complete(dialling_code: str) -> str:
    return f"0{dialling_code.lstrip('0')}" if dialling_code else ""


def contact_of(text: str, dialling_code: str = "") -> str:
    """The form in which a contact is compared: a number as `number_of`, another text (a mail
    address, a nickname) without spaces and in one case."""
    number = number_of(text, dialling_code)
    if number:
        return number
    return "".join(narrow(text).split()).lower()


def contacts_of(text: str, dialling_code: str = "") -> tuple[str, ...]:
    """Each contact of a field in which several may stand: `13800138000 / 0571-88001234`."""
    parts = (contact_of(part, dialling_code) for part in SEVERAL.split(text))
    return tuple(dict.fromkeys(filter(None, parts)))


def identity_of(text: str) -> str:
    """The number of an identity card in one form: 18 characters with a capital X, one of 15 digits
    as the one of 18 that replaced it. Another document's number is returned in capitals."""
    plain = squeezed(text)
    if _OLD_CARD.fullmatch(plain):
        whole = f"{plain[:6]}19{plain[6:]}"
        return whole + _check(whole)
    return plain


def _check(digits: str) -> str:
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return _CHECKS[weighed % 11]

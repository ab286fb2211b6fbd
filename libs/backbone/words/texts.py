"""Checks of texts: invisible characters count as empty, control characters are refused. Pure."""

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point, its white space, and the braille pattern without dots.
_IGNORABLE = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),  # zero width
    (0x202A, 0x202E),  # bidi controls
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),  # tags and more variation selectors
)
_WHITE = (
    (0x09, 0x0D),
    (0x1C, 0x20),
    (0x85, 0x85),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)


def _all(*ranges: tuple[int, int]) -> str:
    return "".join(chr(code) for first, last in ranges for code in range(first, last + 1))


INVISIBLE = _all(*_IGNORABLE, *_WHITE)
# Trimmed from both ends. Not variation selectors, which belong to the character before them.
_MARGIN = _all(*_WHITE) + "\u200b\u2060\ufeff"
_INVISIBLE = frozenset(INVISIBLE)
_NOTHING = dict.fromkeys(map(ord, INVISIBLE))
# Terminals and logs act on control characters, and bidi controls display a text in another order.
# Postgres cannot store NUL, and UTF-8 cannot encode a lone surrogate.
_BIDI = "\u061c\u202a-\u202e\u2066-\u2069"
# Signs that people put between the digits of a number.
BETWEEN = re.compile(r"[\s()\[\]<>.,'_~·•‐-―−-]+")
_SURROGATES = "\ud800-\udfff"
_IN_LINES = re.compile(f"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}{_SURROGATES}]")
_IN_ONE_LINE = re.compile(f"[\0-\x1f\x7f-\x9f\u2028\u2029{_BIDI}{_SURROGATES}]")


def shows_nothing(text: str) -> bool:
    """Say whether the text has no visible characters: only spaces, zero widths and fillers."""
    return text[:1] in _INVISIBLE and not text.strip(INVISIBLE) if text else True


def trimmed(text: str) -> str:
    """The text without white space and zero-width spaces at its ends."""
    return text.strip(_MARGIN)


def refused_character(text: str, *, multi_line: bool = False) -> str:
    """Return the first control character, bidi control or lone surrogate in the form `U+202E`, or
    "". Line breaks and tabs are allowed if `multi_line`."""
    if text.isprintable():  # the usual case, and a tenth of the time
        return ""
    found = (_IN_LINES if multi_line else _IN_ONE_LINE).search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def narrow(text: str) -> str:
    """The text in one width, with European digits and without invisible characters."""
    plain = unicodedata.normalize("NFKC", text).translate(_NOTHING)
    if plain.isascii():
        return plain
    return "".join(str(unicodedata.digit(each)) if each.isdecimal() else each for each in plain)


def one_form(name: str) -> str:
    """The name in one width, with single spaces and without invisible characters: what looks alike
    is one name."""
    words = unicodedata.normalize("NFKC", name).split()
    return " ".join(filter(None, (word.translate(_NOTHING) for word in words)))


def squeezed(text: str) -> str:
    """The text in one width and case, without spaces, hyphens and brackets: to find a number or a
    name in it."""
    return BETWEEN.sub("", narrow(text)).upper()

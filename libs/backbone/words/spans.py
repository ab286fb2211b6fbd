"""A sealed span: a piece of a free text that is sealed, with the mask that others see. Pure.

It is written `⟦mask|index|sealed⟧`; the rest of the text stays as it was, and can be searched. The
index is the same for the same piece whatever key seals it.
"""

import re

OPENS = "⟦"
# The id of a key: whose, for what and of which year, and digits; of a master key, digits alone.
KEY = r"(?:[a-z]+-[a-z]+-[0-9]{4}-)?[0-9a-f]{8,32}"
_SEALED = rf"v[0-9]+\.{KEY}\.[A-Za-z0-9_=-]+"
SPAN = re.compile(rf"⟦([^|⟦⟧]{{0,60}})\|([0-9a-f]{{16}})\|({_SEALED})⟧")
_IN_BYTES = re.compile(SPAN.pattern.encode())
_SEALED_IN_BYTES = re.compile(rf"\|{_SEALED}(?=⟧)".encode())
MARK = OPENS.encode()
# The names of the keys that persons in care have of their own: only the service of care opens what
# they have sealed.
_OF_A_PERSON = "population-person-"
PERSONS_KEY = re.compile(rf"{_OF_A_PERSON}[0-9]{{4}}-[0-9a-f]{{16}}")
# Every encoded text with a span under such a key holds this.
PERSONS_MARK = f".{_OF_A_PERSON}".encode()


def span(mask: str, index: str, sealed: str) -> str:
    return f"{OPENS}{mask}|{index}|{sealed}⟧"


def persons_key(found: re.Match[str]) -> str:
    """The key of this span, if it is a person's own; else empty."""
    key: str = found[3].split(".")[1]
    return key if PERSONS_KEY.fullmatch(key) else ""


def hidden(text: str) -> str:
    """The text as others see it: each sealed span is its mask."""
    return SPAN.sub(r"\1", text) if OPENS in text else text


def hidden_bytes(body: bytes) -> bytes:
    """An encoded answer as others see it; a length that is counted in it would be wrong."""
    return _IN_BYTES.sub(rb"\1", body) if MARK in body else body


def without_seals(body: bytes) -> bytes:
    """The same bytes for the same texts, whatever key has sealed their spans."""
    return _SEALED_IN_BYTES.sub(b"", body) if MARK in body else body


def length_of(text: str) -> int:
    """The characters that people have written and see."""
    return len(hidden(text))


def cut(text: str, most: int) -> str:
    """The beginning of the text, as many characters as people see; no span is cut in two."""
    if length_of(text) <= most:
        return text
    parts, room, at = [], most, 0
    for found in [*SPAN.finditer(text), None]:
        between = text[at : found.start() if found else len(text)]
        parts.append(between[:room])
        room -= len(between)
        if found is None or room < len(found[1]):
            break
        parts.append(found[0])
        room -= len(found[1])
        at = found.end()
    return "".join(parts)

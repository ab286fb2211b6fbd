"""What linked reports have told, inside the narrative of their incident. Pure.

Each has a part of its own at the end, which begins with a mark and its code. A report that has left
leaves its part in older texts; its words are of another matter then, which may accuse a unit that
reads them here. So they are cut out, whatever that matter is: else the cut itself would tell.
"""

import re
from collections.abc import Collection

LEFT = "【关联接警单】已撤销关联"
_PART = re.compile(r"(?m)^【关联接警单 ([^】\n]*)】")
SEPARATOR = "；"


def part_of(code: str, said: str) -> str:
    """The part of the report with this code."""
    return f"【关联接警单 {code}】{said}"


def codes_in(text: str) -> frozenset[str]:
    """The codes of the reports that the text holds a part of."""
    return frozenset(_PART.findall(text))


def without_parts(text: str, codes: Collection[str]) -> str:
    """The text without the parts of these reports; a word in their place says that they left."""
    begins = [match.start() for match in _PART.finditer(text)]
    if not begins or not codes:
        return text
    ends = [*begins[1:], len(text)]
    kept = [text[: begins[0]].removesuffix("\n")]
    for begin, end in zip(begins, ends, strict=True):
        part = text[begin:end].removesuffix("\n")
        found = _PART.match(part)
        gone = found is not None and found[1] in codes
        kept += [LEFT] if gone else [part]
    return "\n".join(filter(None, kept))


def those_of(text: str, known: str) -> str:
    """Of several words for a danger those that are known still."""
    still = frozenset(known.split(SEPARATOR))
    return SEPARATOR.join(each for each in text.split(SEPARATOR) if each in still)

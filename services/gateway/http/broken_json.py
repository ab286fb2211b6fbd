"""Says what is wrong with a text that should be JSON, and where: line, column, nearest member."""

import json
import re
from collections.abc import Sequence

PLACE = re.compile(r"^(.*) at line (\d+) column (\d+)$", re.DOTALL)
MEMBER = re.compile(rb'"((?:[^"\\]|\\.){1,100})"\s*:')
# The parser's words, and the flaw that they mean; other words mean a flaw of the text.
FLAWS: Sequence[tuple[str, str]] = (
    ("EOF", "end"),
    ("expected value", "value"),
    ("expected ident", "value"),
    ("expected `:`", "colon"),
    ("expected `,` or `]`", "list"),
    ("expected `,` or `}`", "object"),
    ("key must be a string", "member"),
    ("trailing comma", "comma"),
    ("trailing characters", "more"),
    ("escape", "escape"),
    ("unicode", "escape"),
    ("surrogate", "escape"),
    ("number", "number"),
    ("control character", "control"),
    ("recursion", "depth"),
)
TEXT = "text"


def where_broken(said: str, body: bytes) -> dict[str, str]:
    """The facts of MALFORMED_JSON, from the parser's sentence and the text that it has read."""
    found = PLACE.match(said)
    words, line, column = found.groups() if found else (said, "1", "1")
    flaw = next((flaw for sign, flaw in FLAWS if sign in words), TEXT)
    read = _before(body, int(line), int(column))
    members = MEMBER.findall(read)
    member = _text(members[-1]) if members else ""
    return {"line": line, "column": column, "flaw": flaw, "member": member}


def _before(body: bytes, line: int, column: int) -> bytes:
    *lines, last = body.split(b"\n")[:line] or [b""]
    return b"\n".join([*lines, last[:column]])


def _text(member: bytes) -> str:
    """The member's name; empty if it is itself broken."""
    try:
        return str(json.loads(b'"%s"' % member))
    except ValueError:
        return ""

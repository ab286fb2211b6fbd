"""Finds a known person in a text behind the masks that people copy from screens, or make. Pure.

赵**, 赵×, 赵X凤, 赵〇〇 and *小凤 for a name; 138****5678, 138XXXX5678 and 02*******21转** for a
number. A protected caller is told by them, too.
"""

import re
from collections.abc import Collection, Iterator
from typing import TypeAlias

from backbone.words.letters import DIGITS
from backbone.words.traditional import SIMPLIFIED

# A single one of these hides a character; of the others only several do in a name.
_HIDING = "*＊✱×✕✖╳○◯〇□■◻"
_DOTS = "?？_＿#＃●•·…"
_WIDE = {ord("Ａ") + n: chr(ord("a") + n) for n in range(26)} | {
    ord("ａ") + n: chr(ord("a") + n) for n in range(26)
}
_SIGNS = (
    _WIDE
    | {ord("A") + n: chr(ord("a") + n) for n in range(26)}
    | dict.fromkeys(map(ord, _HIDING), "*")
    | dict.fromkeys(map(ord, _DOTS), "?")
)
# Both tables replace character by character, so that places stay.
_IN_NAMES = SIMPLIFIED | _SIGNS
_IN_NUMBERS = (
    {ord(sign): digit for sign, digit in DIGITS.items()}
    | {ord("０") + n: str(n) for n in range(10)}
    | {ord("（"): "(", ord("）"): ")", ord("\u3000"): " "}
    | dict.fromkeys(map(ord, "‐-―−－—"), "-")
    | _SIGNS
)
# Most texts hide nothing: then no more is done.
_SOME = frozenset(f"xXoOｘＸｏＯ{_HIDING}{_DOTS}")
_SEVERAL = ("..", "--", "——")
_ONE = r"\s?(?:\*|(?<!\?)\?{2,40}(?!\?)|(?<![a-z0-9])[xo]{1,3}(?![a-z0-9]))"
# As many as a screen shows; in front of a given name no more than people hide of a surname.
_HIDDEN, _LED = f"(?:{_ONE}){{1,40}}", f"(?:{_ONE}){{1,3}}"
_RUN = re.compile(r"[*?x](?:[ ()-]{0,2}[*?x])*|\.{2,}|-{2,}")
_BEFORE = re.compile(r"(?:[0-9][ ()-]{0,2}){1,16}$")
_BEHIND = re.compile(r"(?:[ ()-]{0,2}[0-9]){1,16}")
_DIGITS = re.compile("[0-9]+")
_EXTENSION = re.compile(r"[ -]?(?:转分机|转|分机)[*?x0-9]{1,8}|-[*?]{1,6}")
_AT_MOST = 32
_Groups: TypeAlias = list[tuple[int, str]]  # where digits begin or end, beside a run
# How many digits tell a number: at its end alone, or at both ends; behind a single sign.
_TAIL, _ENDS, _SURE = 4, 4, 7


def hides(text: str) -> bool:
    return not _SOME.isdisjoint(text)


def hides_digits(text: str) -> bool:
    return hides(text) or any(each in text for each in _SEVERAL)


def in_names(text: str) -> str:
    """The text in which `way_of` finds a hidden name, sign by sign."""
    return text.translate(_IN_NAMES)


def way_of(surname: str, given: str, after: str) -> str:
    """An expression for a name of which a part is hidden."""
    first = "|".join(dict.fromkeys([surname, surname[:1]]))
    ends = f"(?:\\s?(?:{given}|{given[-1]}))?" if given else ""
    ways = [f"(?<![a-z])(?:{first}){_HIDDEN}{ends}(?:{after})?"]
    if len(given) > 1:
        ways += [f"{surname}{given[:-1]}{_HIDDEN}", f"{_LED}{given}"]
    return "|".join(ways)


def ending_of(last: str) -> str:
    """An expression for a name of which the last character alone is told."""
    return rf"{_LED}\s?{last}"


def hidden_numbers(text: str, lines: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where a part of one of these numbers, given as its digits, is hidden."""
    signs = text.translate(_IN_NUMBERS)
    for run in _RUN.finditer(signs):
        hidden = sum(sign in "*?x" for sign in run[0]) or len(run[0])
        heads, tails = _before(signs, run.start()), _behind(signs, run.end())
        places = (_place(run.span(), heads, tails, hidden, line) for line in lines)
        found = [place for place in places if place is not None] if heads or tails else []
        if found:
            stop = max(stop for _, stop in found)
            more = _EXTENSION.match(signs, stop)
            start = min(start for start, _ in found)
            opened = signs.count(")", start, stop) > signs.count("(", start, stop)
            while start and signs[start - 1] in ("(+" if opened else "+"):
                start -= 1
            yield start, more.end() if more else stop


def _place(
    run: tuple[int, int], heads: _Groups, tails: _Groups, hidden: int, line: str
) -> tuple[int, int] | None:
    """Where the number with these digits stands, around a run of signs that hide some."""
    start, head = next(((at, each) for at, each in heads if line.startswith(each)), (run[0], ""))
    stop, tail = next(((at, each) for at, each in tails if line.endswith(each)), (run[1], ""))
    told = len(head) + len(tail)
    if told >= len(line) or (hidden < 2 and told < _SURE):
        return None
    whole = told > 1 and told + hidden == len(line)
    ends = bool(head and tail) and told >= _ENDS
    return (start, stop) if whole or ends or len(tail) >= _TAIL else None


def _before(signs: str, at: int) -> _Groups:
    """The digits before a place, and where they begin: with all groups, then with fewer."""
    found = _BEFORE.search(signs, max(0, at - _AT_MOST), at)
    groups = _DIGITS.finditer(signs, found.start(), at) if found else ()
    return [(each.start(), _digits(signs[each.start() : at])) for each in groups]


def _behind(signs: str, at: int) -> _Groups:
    found = _BEHIND.match(signs, at)
    groups = [*_DIGITS.finditer(signs, at, found.end())] if found else []
    return [(each.end(), _digits(signs[at : each.end()])) for each in reversed(groups)]


def _digits(signs: str) -> str:
    return "".join(filter(str.isdecimal, signs))

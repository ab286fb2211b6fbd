"""Finds a person in a free text: the name and the numbers that are known, however they are typed.

Width, case, spaces, invisible characters and punctuation between the characters do not matter;
digits may be written in Chinese, a country or area code may be left out, and a part of a number may
be hidden (138****5678). Pure.
"""

from collections.abc import Iterable

from backbone.words.hidden_forms import hidden_numbers, hides_digits
from backbone.words.known_numbers import digits_of, spans_of
from backbone.words.letters import Letters, Span, folded, letters_of
from backbone.words.nobody import names_nobody
from backbone.words.numbers_said import numbers_said

NAME, NUMBER = "［报警人］", "［号码］"
# A name of one character would be found everywhere.
SHORTEST_NAME = 2


def mentions(text: str, names: Iterable[str], numbers: Iterable[str]) -> bool:
    """Whether the text has one of these names or numbers."""
    return bool(_found(text, names, numbers))


def without(
    text: str,
    names: Iterable[str],
    numbers: Iterable[str],
    also: Iterable[Span] = (),
    letters: Letters | None = None,
) -> str:
    """The text with these names and numbers masked, and with what else is known to name them."""
    spans = _found(text, names, numbers, letters)
    parts, end = [], 0
    called = ((start, stop, NAME) for start, stop, _ in also)
    for start, stop, mask in sorted([*spans, *called], key=_longest_first):
        if start >= end:
            parts += [text[end:start], mask]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _longest_first(span: Span) -> tuple[int, int]:
    return span[0], -span[1]


def _found(
    text: str, names: Iterable[str], numbers: Iterable[str], read: Letters | None = None
) -> list[Span]:
    called = {folded(name) for name in names if not names_nobody(name)}
    dialled = numbers_said(numbers)
    if not text or not (called or dialled):
        return []
    letters = letters_of(text) if read is None else read
    spans = [
        span for name in called if len(name) >= SHORTEST_NAME for span in _spans(letters, name)
    ]
    spans += [(*each, NUMBER) for each in spans_of(text, letters, dialled)]
    if dialled and hides_digits(text):
        spans += [(*each, NUMBER) for each in hidden_numbers(text, digits_of(dialled))]
    return spans


def _spans(letters: Letters, wanted: str) -> list[Span]:
    stream = "".join(sign for sign, _ in letters)
    spans, at = [], stream.find(wanted)
    while at >= 0:
        last = at + len(wanted) - 1
        spans.append((letters[at][1], letters[last][1] + 1, NAME))
        at = stream.find(wanted, last + 1)
    return spans

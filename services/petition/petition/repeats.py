"""Repeats 重复件: earlier petitions of the same person that may be the same matter."""

from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct

from backbone.words.spans import hidden

SAME_PETITIONER = "SAME_PETITIONER"
SIMILAR_TEXT = "SIMILAR_TEXT"
ALIKE = 0.5
MOST = 5


class Earlier(Struct, frozen=True):
    """An earlier petition of the same petitioner; `persons` are those whom its texts may name."""

    id: UUID
    code: str
    subject: str
    text: str
    state: str = ""
    persons: tuple[str, ...] = ()


class Repeat(Struct, frozen=True):
    id: UUID
    code: str
    subject: str
    reasons: tuple[str, ...]
    similarity: float
    state: str = ""
    persons: tuple[str, ...] = ()


def suggest(text: str, earlier: Iterable[Earlier]) -> list[Repeat]:
    """The likeliest repeats, the most similar first; a clerk decides."""
    pairs = bigrams(text)
    repeats = [_compared(each, likeness(pairs, bigrams(each.text))) for each in earlier]
    return sorted(repeats, key=lambda each: -each.similarity)[:MOST]


def _compared(earlier: Earlier, similarity: float) -> Repeat:
    reasons = (SAME_PETITIONER, SIMILAR_TEXT) if similarity >= ALIKE else (SAME_PETITIONER,)
    return Repeat(
        id=earlier.id,
        code=earlier.code,
        subject=earlier.subject,
        reasons=reasons,
        similarity=round(similarity, 3),
        state=earlier.state,
        persons=earlier.persons,
    )


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters, in place of words: Chinese does not separate them."""
    letters = "".join(each for each in hidden(text) if each.isalnum())
    return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice similarity, from 0 to 1."""
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0

"""Suggestions to the desk, with reasons: likely classes, and receipts about the same event.

Pure arithmetic over a few rows. The desk decides; no personal data is compared, of a phone number
only its keyed index.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from math import cos, hypot, radians

from msgspec import Struct

from backbone.words import phrases
from backbone.words.addresses import is_exact
from backbone.words.place import Place, Point, contains
from backbone.words.spans import hidden
from services.alarm.receipt.cells import METRES_OF_DEGREE
from services.alarm.receipt.suggested import CategorySuggestion, DangerSuggestion, RepeatSuggestion

BEST_CATEGORIES = 3

# Weights of the signs of a repeat; they sum to a little over 1, and 0.5 counts as a repeat.
SAME_NUMBER, NEAR, SAME_PLACE, SIMILAR_WORDS, SAME_CLASS = 0.40, 0.35, 0.20, 0.30, 0.10
# Another extension of the same line: another person, perhaps of the same house.
SAME_LINE = 0.30
CONVINCING = 0.40
# Added to a receipt with an incident: on equal scores it ranks first, as one key can link to it.
CAN_BE_LINKED = 0.05
# A matter that is void is not suggested as a repeat.
GONE = frozenset({"VOIDED"})
# The oldest receipt of the window scores this much less than the newest.
FADING = 0.3
LEAST_LIKENESS = 0.2
TOWNSHIP_DIGITS = 9


class Keywords(Struct, frozen=True):
    """The keywords of one category, and those of its parents."""

    category: str
    name: str
    own: tuple[str, ...]
    above: tuple[str, ...]


class Sighting(Struct, frozen=True):
    """The facts of a receipt that are compared."""

    time: datetime
    place: Place
    category: str
    narrative: str
    number_index: str
    address: str = ""
    line_index: str = ""
    further: tuple[str, ...] = ()
    further_lines: tuple[str, ...] = ()

    @property
    def numbers(self) -> frozenset[str]:
        """The indexes of all numbers of the caller."""
        return frozenset(filter(None, (self.number_index, *self.further)))

    @property
    def lines(self) -> frozenset[str]:
        """Those of the lines: of a number without an extension it is that of the number."""
        lines = (self.line_index or self.number_index, *self.further_lines, *self.further)
        return frozenset(filter(None, lines))


class Earlier(Struct, frozen=True):
    """A recent receipt that may be about the same event."""

    receipt: str
    code: str
    incident: str
    seen: Sighting
    state: str = ""


class Window(Struct, frozen=True):
    """The city's policy: how long ago, how far away, and how many to show."""

    time: timedelta
    metres: float
    most: int


def categories(
    narrative: str, table: Iterable[Keywords], dangers: Sequence[DangerSuggestion] = ()
) -> tuple[CategorySuggestion, ...]:
    """The best classes with the matched words: dangers to life first, in their order.

    Of the others long words weigh more, a parent's words half.
    """
    first = [CategorySuggestion(one.category, one.name, one.score, one.words) for one in dangers]
    known = {each.category for each in first}
    said = phrases.said(narrative)
    guesses = [guess for row in table if (guess := _guess(said, row)) is not None]
    guesses.sort(key=lambda each: (-each.score, -each.category.count("."), each.category))
    others = (each for each in guesses if each.category not in known)
    return tuple([*first, *others][:BEST_CATEGORIES])


_read = cache(phrases.plain)  # of the words of the table


def _guess(said: str, row: Keywords) -> CategorySuggestion | None:
    own = tuple(word for word in row.own if _read(word) in said)
    if not own:
        return None
    above = tuple(word for word in row.above if _read(word) in said)
    points = sum(map(len, own)) + sum(map(len, above)) / 2
    return CategorySuggestion(row.category, row.name, round(points / (points + 2), 2), own + above)


def repeats(
    seen: Sighting, earlier: Iterable[Earlier], window: Window
) -> tuple[RepeatSuggestion, ...]:
    """The likeliest repeats, one per incident; on equal scores, those with an incident first."""
    best: dict[str, RepeatSuggestion] = {}
    for other in earlier:
        if other.state in GONE:
            continue
        guess, key = _guessed(seen, other, window), other.incident or other.receipt
        if guess and (key not in best or best[key].score < guess.score):
            best[key] = guess
    ranked = sorted(best.values(), key=_rank)
    return tuple(ranked[: window.most])


def _rank(guess: RepeatSuggestion) -> tuple[float, str]:
    useful = CAN_BE_LINKED if guess.incident else 0.0
    return -guess.score - useful, guess.code


def _guessed(seen: Sighting, other: Earlier, window: Window) -> RepeatSuggestion | None:
    """The other receipt with its score and reasons; None if the score is below CONVINCING."""
    age = seen.time - other.seen.time
    reasons = [*_by_caller(seen, other.seen), *_by_place(seen, other.seen, window)]
    reasons += _by_words(seen, other.seen)
    fading = 1 - FADING * min(max(age / window.time, 0.0), 1.0)
    score = round(min(sum(weight for weight, _ in reasons) * fading, 1.0), 2)
    if score < CONVINCING:
        return None
    told = (*(text for _, text in reasons), f"RECENT {max(age, timedelta()) // MINUTE} min")
    return RepeatSuggestion(other.receipt, other.code, other.incident, score, told, other.state)


MINUTE = timedelta(minutes=1)
Reasons = Sequence[tuple[float, str]]


def _by_caller(seen: Sighting, other: Sighting) -> Reasons:
    if seen.numbers & other.numbers:
        return [(SAME_NUMBER, "SAME_NUMBER")]
    return [(SAME_LINE, "SAME_LINE")] if seen.lines & other.lines else []


def _by_place(seen: Sighting, other: Sighting, window: Window) -> Reasons:
    """By the points; one exact address in two texts is as near as two points can be."""
    here, there = seen.place.point, other.place.point
    if is_exact(seen.address) and seen.address == other.address and _may_be_one(seen, other):
        return [(NEAR, "SAME_PLACE 100%")]
    if here and there:
        metres = distance(here, there)
        near = max(1 - metres / window.metres, 0.0)
        return [(NEAR * (0.5 + near / 2), f"NEAR {metres:.0f} m")] if near else []
    alike = likeness(seen.address or seen.place.text, other.address or other.place.text)
    if alike < 0.5 or not _may_be_one(seen, other):
        return []
    return [(SAME_PLACE * alike, f"SAME_PLACE {alike:.0%}")]


def _may_be_one(seen: Sighting, other: Sighting) -> bool:
    """Two townships of one city have streets of one name: no place is in both."""
    here, there = (each.place.area[:TOWNSHIP_DIGITS] for each in (seen, other))
    return contains(here, there) or contains(there, here) or not (here and there)


def _by_words(seen: Sighting, other: Sighting) -> Reasons:
    reasons = []
    alike = likeness(seen.narrative, other.narrative)
    if alike >= LEAST_LIKENESS:
        reasons.append((SIMILAR_WORDS * alike, f"SIMILAR_WORDS {alike:.0%}"))
    if seen.category and seen.category.split(".")[0] == other.category.split(".")[0]:
        reasons.append((SAME_CLASS, "SAME_CLASS"))
    return reasons


def distance(one: Point, other: Point) -> float:
    """Metres between two points of one city, on a flat-earth approximation."""
    east = (one.longitude - other.longitude) * cos(radians(one.latitude))
    return METRES_OF_DEGREE * hypot(east, one.latitude - other.latitude)


def likeness(one: str, other: str) -> float:
    """Dice similarity of two texts by character bigrams, 0 to 1."""
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


@lru_cache(maxsize=2_000)  # each receipt of the last hour is compared with every new one
def _pairs(text: str) -> frozenset[str]:
    letters = "".join(filter(str.isalnum, hidden(text)[:500].lower()))
    return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))

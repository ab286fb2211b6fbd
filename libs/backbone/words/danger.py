"""Words that mean danger to life: a list of the city, and what of it a narrative says. Pure.

A match is dropped where a context speaks against it (a negation, news, a drill, a film, a
metaphor), unless something of the context's `despite` holds. The weights of the phrases of one
class add up as independent signs do. What speech recognition misspells is heard as it was meant.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeAlias

from backbone.words.broken import mended, pairs_of
from backbone.words.phrases import REACH, Around, Phrase, around, grams, phrase, plain, said

# The sum of the weights, as a share, from which on a class is suggested.
CONVINCING = 0.5
# Characters that are listened to: no caller says more before help is sent, and a text of 20,000
# made of nothing but signs would hold the desk up for a third of a second.
LONGEST_HEARD = 4_000
# The matches of one phrase that are examined: an excluded one may stand before a real one.
MOST_LOOKS = 20
NEVER = r"(?!)"


@dataclass(frozen=True, slots=True)
class Danger:
    """Phrases of one class; `weight` is how sure one of them alone is, from 1 to 100."""

    category: str
    priority: str
    weight: int
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Phrases that speak against every danger, and phrases that speak against them."""

    code: str
    words: tuple[str, ...]
    despite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sound:
    """A word, and how speech recognition or a hurried hand writes it: 桶人 for 捅人."""

    meant: str
    written: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DangerList:
    """The list of a city; an older pack has none."""

    dangers: tuple[Danger, ...] = ()
    contexts: tuple[Context, ...] = ()
    sounds: tuple[Sound, ...] = ()


NO_DANGERS = DangerList()
Heard: TypeAlias = list[tuple[Danger, str]]
Side: TypeAlias = Phrase | Around
Sides: TypeAlias = tuple[Sequence[Side], Sequence[Side]]


@dataclass(frozen=True, slots=True)
class Sign:
    """A class in danger, the most urgent priority of its phrases, and the words found.

    `weight` is that of the surest phrase, `score` what all of them say together.
    """

    category: str
    priority: str
    words: tuple[str, ...]
    score: float
    weight: int


class Listener:
    """The list, read once: it is asked for each call."""

    def __init__(self, known: DangerList) -> None:
        self._rows: list[tuple[Danger, Phrase, Sequence[Side]]] = []
        for danger in known.dangers:
            unless = [around(words) for words in danger.unless]
            self._rows += [(danger, phrase(words), unless) for words in danger.words]
        self._meant = {
            plain(one): plain(each.meant) for each in known.sounds for one in each.written
        }
        longest = sorted(self._meant, key=len, reverse=True)
        self._written = re.compile("|".join(map(re.escape, longest)) or NEVER)
        self._by_gram: dict[str, list[int]] = {}
        for number, (_, words, _) in enumerate(self._rows):
            for gram in words.rarest:
                self._by_gram.setdefault(gram, []).append(number)
        self._pairs = frozenset(pair for _, words, _ in self._rows for pair in pairs_of(words))
        self._contexts = Contexts(known.contexts)

    def signs(self, narrative: str) -> tuple[Sign, ...]:
        """Every class of danger that it speaks of, the most urgent and surest first."""
        given = said(narrative[:LONGEST_HEARD])
        heard: dict[str, Heard] = {}
        told = set()
        for text in dict.fromkeys((given, mended(given, self._pairs, self._phrases))):
            for number, danger, words in self._heard(text):
                if number not in told:
                    told.add(number)
                    heard.setdefault(danger.category, []).append((danger, words))
        all_signs = (_sign(category, _with_above(category, heard)) for category in heard)
        return tuple(sorted((one for one in all_signs if one.score >= CONVINCING), key=_rank))

    def _heard(self, given: str) -> Iterator[tuple[int, Danger, str]]:
        """The phrases that are said and meant, each with the words found."""
        text = self._written.sub(lambda found: self._meant[found[0]], given)
        found = grams(text)
        told = Told(text, found, self._contexts)
        for number in self._numbers(found):
            danger, words, unless = self._rows[number]
            if words.is_worth_a_look(found) and (meant := told.meant(words, unless)):
                yield number, danger, _cut(given, meant)

    def _phrases(self, text: str) -> Iterator[Phrase]:
        """Those that a text may hold."""
        found = grams(text)
        rows = (self._rows[number][1] for number in self._numbers(found))
        return (words for words in rows if words.is_worth_a_look(found))

    def _numbers(self, found: frozenset[str]) -> list[int]:
        return sorted({row for gram in found for row in self._by_gram.get(gram, ())})


class Contexts:
    """The contexts of a list, found by the signs of a text: few of some hundred stand in one."""

    def __init__(self, known: Sequence[Context]) -> None:
        self._despite = [[around(words) for words in each.despite] for each in known]
        self._sides = [
            (number, around(words)) for number, each in enumerate(known) for words in each.words
        ]
        self._by_gram: dict[str, list[int]] = {}
        for place, (_, side) in enumerate(self._sides):
            rarest = [part.rarest for part in _parts(side)]
            for gram in max(rarest, key=lambda each: min(map(len, each))):
                self._by_gram.setdefault(gram, []).append(place)

    def that_may_stand(self, found: frozenset[str]) -> Sequence[Sides]:
        """Those of which every word may stand in a text of these signs and pairs."""
        likely: dict[int, list[Side]] = {}
        for place in sorted({one for gram in found for one in self._by_gram.get(gram, ())}):
            number, side = self._sides[place]
            if all(part.is_worth_a_look(found) for part in _parts(side)):
                likely.setdefault(number, []).append(side)
        return [(against, self._despite[number]) for number, against in sorted(likely.items())]


def _parts(side: Side) -> list[Phrase]:
    parts = (side.before, side.after) if isinstance(side, Around) else (side,)
    return [part for part in parts if part is not None]


class Told:
    """A text, the signs and pairs of signs in it, and the contexts that may stand in it."""

    def __init__(self, text: str, found: frozenset[str], contexts: Contexts) -> None:
        self._text = text
        self._found = found
        self._known = contexts

    def meant(self, words: Phrase, unless: Iterable[Side]) -> re.Match[str] | None:
        """The first place where the words are said and meant."""
        for match in islice(words.matches(self._text), MOST_LOOKS):
            spot = Spot(self._text, match)
            if not any(map(spot.speaks, unless)) and not any(
                any(map(spot.speaks, against)) and not any(map(spot.stands, despite))
                for against, despite in self._contexts
            ):
                return match
        return None

    @cached_property
    def _contexts(self) -> Sequence[Sides]:
        return self._known.that_may_stand(self._found)


class Spot:
    """One match in a text, with the words near it."""

    def __init__(self, text: str, match: re.Match[str]) -> None:
        self._text = text
        self._match = match
        self._from = max(match.start() - REACH, 0)
        self._near = text[self._from : match.end() + REACH]
        numbers = range(1, len(match.groups()) + 1)
        self._spans = [match.span(number) for number in numbers if match[number]]

    def speaks(self, words: Side) -> bool:
        """Whether the phrase stands around the match, or covers a word of it."""
        if isinstance(words, Around):
            return words.holds(self._text, self._match.start(), self._match.end())
        return any(
            other.start() + self._from < end and start < other.end() + self._from
            for other in words.matches(self._near)
            for start, end in self._spans
        )

    def stands(self, words: Side) -> bool:
        """Whether the phrase stands around the match or, without *, anywhere in the text."""
        if isinstance(words, Around):
            return words.holds(self._text, self._match.start(), self._match.end())
        return any(True for _ in words.matches(self._text))


def _cut(said: str, match: re.Match[str]) -> str:
    """The words as the caller's text has them, which may be misspelt."""
    spans = map(match.span, range(1, len(match.groups()) + 1))
    return "…".join(said[start:end] for start, end in spans if start >= 0)


def _rank(sign: Sign) -> tuple[str, int, int, str]:
    """The surest phrase decides: a cause weighs more than what it leads to, such as blood."""
    return sign.priority, -sign.weight, -sign.category.count("."), sign.category


def _with_above(category: str, heard: Mapping[str, Heard]) -> Heard:
    """The words heard for the class and for the classes above it: a finer class is the surer."""
    above = (each for each in heard if category.startswith(f"{each}."))
    return [*heard[category], *(said for each in above for said in heard[each])]


def _sign(category: str, heard: Heard) -> Sign:
    doubt = 1.0
    for danger, _ in heard:
        doubt *= 1 - danger.weight / 100
    words = tuple(dict.fromkeys(said for _, said in heard))
    priority = min(danger.priority for danger, _ in heard)
    weight = max(danger.weight for danger, _ in heard)
    return Sign(category, priority, words, round(1 - doubt, 2), weight)

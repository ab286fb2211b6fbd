"""Phrases of a danger list: words, choices and gaps, as the people of a city write them. Pure.

`拿…刀` leaves up to 12 signs between its words, in one sentence; `……` leaves up to 40, `~` up to 4
within a clause, and `………` up to 90 across sentences. `(拿|持)刀` is a choice, which `?` makes one
that may be missing: `没(有)?呼吸`. In the phrase of a context `*` stands for the words of the
danger: `演习…*`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TypeAlias

from backbone.words.traditional import SIMPLIFIED

CLAUSE_ENDS, SENTENCE_ENDS = ",、:", "。!?;"
FAR, WIDE, GAP, SHORT = "\ue002", "\ue001", "\ue000", "~"  # … would be read as full stops
# A context is looked for so far from the danger's words.
REACH = 90
GAPS = {
    FAR: f".{{0,{REACH}}}?",
    WIDE: f"[^{SENTENCE_ENDS}]{{0,40}}?",
    GAP: f"[^{SENTENCE_ENDS}]{{0,12}}?",
    SHORT: f"[^{SENTENCE_ENDS}{CLAUSE_ENDS}]{{0,4}}?",
}
STAR, MAYBE = "*", "?"
# Each gap multiplies the time that a text of many repeated words takes.
MOST_GAPS = 3
LONGEST = 1_200
# Signs that show nothing, and are letters to Unicode.
FILLERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
UNSEEN = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"})
# Signs that people put into a word so that no filter reads it (跳·楼, 自*杀); they end no clause.
_HAN = "[\u3400-\u9fff]"
INSERTED = re.compile(rf"(?<={_HAN})[·•‧∙⋅・*_|/\\^+=#-]{{1,2}}(?={_HAN})")
TOKENS = re.compile(rf"[{FAR}{WIDE}{GAP}~*()|?]|[^{FAR}{WIDE}{GAP}~*()|?]+")

Words: TypeAlias = tuple[str, ...]


class PhraseError(ValueError):
    """Says in one sentence what is wrong with a phrase."""


class _Signs(dict[int, str]):
    """How a sign of a text is read, worked out once for each sign."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        hidden = sign in FILLERS or unicodedata.category(sign) in UNSEEN
        read = "," if sign in "\n\r" else "" if hidden else SIMPLIFIED.get(code, sign)
        self[code] = read
        return read


_SIGNS = _Signs()


def plain(text: str) -> str:
    """The text in half width, small letters and simplified characters, without spaces and signs
    that show nothing."""
    return unicodedata.normalize("NFKC", text).lower().translate(_SIGNS)


def said(text: str) -> str:
    """The same of what a person has said or written: also without signs inserted into a word."""
    return INSERTED.sub("", plain(text))


def grams(text: str) -> frozenset[str]:
    """Every sign of the text and every pair: what is not among them does not occur in it."""
    return frozenset(text) | frozenset(map("".join, pairwise(text)))


@dataclass(frozen=True, slots=True)
class Phrase:
    """`needs` are the choices of each word: a text without one of each is not searched.

    `begins` are the first pairs of those words: a look at them is enough for most texts.
    """

    pattern: str
    needs: tuple[Words, ...]
    begins: tuple[frozenset[str], ...]

    @property
    def regex(self) -> re.Pattern[str]:
        return compiled(self.pattern)

    @property
    def rarest(self) -> frozenset[str]:
        """The beginnings of that word which the fewest texts have: pairs rather than signs."""
        return max(self.begins, key=lambda each: (min(map(len, each)), -len(each)))

    def is_worth_a_look(self, found: frozenset[str]) -> bool:
        return not any(map(found.isdisjoint, self.begins))

    def may_occur(self, text: str) -> bool:
        return all(any(word in text for word in choice) for choice in self.needs)

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Every match, also those that begin inside another one."""
        if not self.may_occur(text):
            return
        found = self.regex.search(text)
        while found is not None:
            yield found
            found = self.regex.search(text, found.start() + 1)


@dataclass(frozen=True, slots=True)
class Around:
    """The words before and after those of a danger; None allows any."""

    before: Phrase | None
    after: Phrase | None

    def holds(self, text: str, start: int, end: int) -> bool:
        before = text[max(start - REACH, 0) : start]
        return _ends(self.before, before) and _begins(self.after, text, end)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile it when a text may hold the phrase: most phrases of a list never meet one, and all of
    them would take most of a second of each process that reads the list. No pattern of a phrase is
    wrong: its words are escaped."""
    return re.compile(pattern)


def _ends(phrase: Phrase | None, text: str) -> bool:
    return phrase is None or (phrase.may_occur(text) and phrase.regex.search(text) is not None)


def _begins(phrase: Phrase | None, text: str, at: int) -> bool:
    return phrase is None or phrase.regex.match(text, at) is not None


@cache
def phrase(text: str) -> Phrase:
    """Read a phrase. Raises PhraseError."""
    tokens = _tokens(text)
    if STAR in tokens:
        raise PhraseError("* stands only in the phrase of a context")
    if tokens[0] in GAPS or tokens[-1] in GAPS:
        raise PhraseError("it begins or ends with a gap")
    read = _read(tokens)
    if sum(min(map(len, choice)) for choice in read.needs) < 2:
        raise PhraseError("it needs two signs or more: one sign occurs in too many words")
    return read


@cache
def around(text: str) -> Phrase | Around:
    """Read the phrase of a context; without * it is one that covers the danger's words.

    Raises PhraseError.
    """
    tokens = _tokens(text)
    if STAR not in tokens:
        return phrase(text)
    if tokens.count(STAR) > 1:
        raise PhraseError("* stands in it twice")
    at = tokens.index(STAR)
    before, after = tokens[:at], tokens[at + 1 :]
    if not before and not after:
        raise PhraseError("* alone means every danger")
    return Around(_read(before, "$") if before else None, _read(after) if after else None)


def _tokens(text: str) -> list[str]:
    marked = text.replace("………", FAR).replace("……", WIDE).replace("…", GAP)
    tokens = TOKENS.findall(plain(marked))
    if not tokens:
        raise PhraseError("it is empty")
    if len(marked) > LONGEST:
        raise PhraseError(f"it is longer than {LONGEST} signs")
    if sum(part in GAPS for part in tokens) > MOST_GAPS:
        raise PhraseError(f"it has more than {MOST_GAPS} gaps")
    return tokens


def _read(tokens: list[str], end: str = "") -> Phrase:
    parts: list[str] = []
    needs: list[Words] = []
    rest = list(reversed(tokens))
    while rest:
        part = rest.pop()
        if part in GAPS:
            parts.append(GAPS[part])
            continue
        words = _choice(rest) if part == "(" else (_word(part),)
        one = f"({'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"
        if part == "(" and rest[-1:] == [MAYBE]:
            parts.append(one + rest.pop())
        else:
            needs.append(words)
            parts.append(one)
    if not needs:
        raise PhraseError("it has gaps but no word that must be there")
    begins = tuple(frozenset(word[:2] for word in choice) for choice in needs)
    return Phrase("".join(parts) + end, tuple(needs), begins)


def _choice(rest: list[str]) -> Words:
    inside: list[str] = []
    while rest and rest[-1] != ")":
        inside.append(rest.pop())
    if not rest:
        raise PhraseError("the bracket ( is not closed")
    rest.pop()
    words = tuple("".join(inside).split("|"))
    if any(sign in word for word in words for sign in (*GAPS, STAR, MAYBE, "(")):
        raise PhraseError("a choice holds words only, no gap, bracket or *")
    if not all(words):
        raise PhraseError("a choice is empty")
    return words


def _word(part: str) -> str:
    if part in (")", "|", MAYBE):
        raise PhraseError(f"{part} belongs to a choice such as (拿|持)")
    return part

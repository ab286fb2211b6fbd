"""Words with signs put into them so that no filter reads them: 跳.楼, 自。杀, 救!命. Pure.

A full stop or a comma may as well end a sentence (我在跳，楼上有人敲门). So a sign is read over
only where the letters around it make the words of a danger, and these end the clause.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from backbone.words.phrases import Phrase

_HAN = "[\u3400-\u9fff]"
SIGNS = re.compile(rf"(?<={_HAN})[^\w\s]{{1,6}}(?={_HAN})")
# Behind one of these a clause may go on with another word.
_ENDS_A_CLAUSE = re.compile(r"[,.。、!?;:~—…\"'“”‘’()《》<>\[\]【】{}-]")
_GOES_ON = re.compile(
    rf"(?!了|啦|啊|呀|吧|呢|吗|咗|喇|嘛|快来|快救|快点|救命|救救|赶紧|赶快){_HAN}"
)
NEAR = 14
# More of them make no word: a text of nothing but signs must not hold the desk up.
MOST = 200

Find = Callable[[str], Iterable[Phrase]]


def pairs_of(words: Phrase) -> Iterator[str]:
    """The pairs of letters that stand side by side in a word of the phrase, or may do so in two
    words of which the first is a single letter: 跳(楼|河)."""
    for choice in words.needs:
        for word in choice:
            yield from (word[at : at + 2] for at in range(len(word) - 1))
    for first, then in zip(words.needs, words.needs[1:], strict=False):
        begins = {word[0] for word in then}
        yield from (word + letter for word in first if len(word) == 1 for letter in begins)


def mended(text: str, pairs: frozenset[str], find: Find) -> str:
    """The text without the signs inside of such words. `pairs` are those of all phrases, and `find`
    gives the phrases that a text may hold."""
    drop: set[tuple[int, int]] = set()
    seen = [found.span() for _, found in zip(range(MOST), SIGNS.finditer(text), strict=False)]
    for start, end in seen:
        if (start, end) in drop or text[start - 1] + text[end] not in pairs:
            continue
        near = [
            each
            for each in seen
            if start - NEAR <= each[0] <= start + NEAR and text[slice(*each)] == text[start:end]
        ]
        drop.update(_inside(text, (start, end), near, find))
    parts, at = [], 0
    for start, end in sorted(drop):
        parts.append(text[at:start])
        at = end
    return "".join([*parts, text[at:]])


def _inside(
    text: str, one: tuple[int, int], near: list[tuple[int, int]], find: Find
) -> list[tuple[int, int]]:
    """Which of these equal signs stand in the words that the letters beside the one make."""
    begins, ends = max(one[0] - NEAR, 0), one[1] + NEAR
    where: list[int] = []  # of each sign, its place in the text without them
    parts, at = [], begins
    for start, end in near:
        if begins < start and end < ends:
            parts.append(text[at:start])
            at = end
        where.append(sum(map(len, parts)))
    whole = "".join([*parts, text[at:ends]])
    place = where[near.index(one)]
    may_end = _ENDS_A_CLAUSE.search(text, *one) is not None
    for words in find(whole):
        for match in words.matches(whole):
            if not _spans(match, place) or (may_end and _GOES_ON.match(whole, match.end())):
                continue
            return [
                each
                for each, stands in zip(near, where, strict=True)
                if match.start() < stands < match.end()
            ]
    return []


def _spans(match: re.Match[str], place: int) -> bool:
    """Whether a word of the match goes across the place, or two meet there."""
    spans = [match.span(number) for number in range(1, len(match.groups()) + 1) if match[number]]
    across = any(start < place < end for start, end in spans)
    meet = any(end == place for _, end in spans) and any(start == place for start, _ in spans)
    return across or meet

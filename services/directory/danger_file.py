"""Reads dangers.yaml: what the desk listens for in a narrative, each phrase checked."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from backbone.words.danger import NO_DANGERS, Context, Danger, DangerList, Sound
from backbone.words.phrases import PhraseError, around, phrase, plain
from services.directory.documents import Value, read_document
from services.directory.flaws import Flaws, Spot
from services.directory.rules import PRIORITIES

HEAVIEST = 100
# A group of words in a phrase: <people>.
NAMED = re.compile("<([^<>]*)>")

Groups: TypeAlias = Mapping[str, str]


def read_dangers(file: str, text: str | None, flaws: Flaws) -> tuple[DangerList, dict[str, Spot]]:
    """Return the list, empty if the pack has none, and the spots of its rows; flaws are collected.

    The key of a row is danger/ and its number, counted from 0.
    """
    root = None if text is None else read_document(file, text, flaws)
    if root is None:
        return NO_DANGERS, {}
    found = root.fields(
        {"dangers": _later},
        {"groups": _groups, "contexts": _later, "sounds": lambda rows: rows.each(_sound)},
    )
    groups = found.get("groups", {})

    def rows(name: str, reader: Callable[[Value, Groups], Any]) -> tuple[Any, ...]:
        given = found.get(name)
        return given.each(lambda row: (reader(row, groups), row.spot)) if given else ()

    dangers, contexts = rows("dangers", _danger), rows("contexts", _context)
    spots = {f"danger/{number}": spot for number, (_, spot) in enumerate(dangers)}
    known = DangerList(
        tuple(danger for danger, _ in dangers),
        tuple(context for context, _ in contexts),
        found.get("sounds", ()),
    )
    return known, spots


def _later(value: Value) -> Value:
    """Read the parts that need the groups, wherever in the file these stand."""
    return value


def _groups(value: Value) -> Groups:
    """The words of each group, as the choice that stands for its name."""
    groups: dict[str, str] = {}
    for name, words in value.pairs():
        choice = f"({'|'.join(words.each(Value.text))})"
        try:
            phrase(f"{choice}{choice}")
        except PhraseError as error:
            words.flaw("GROUP_WRONG", name, str(error))
        groups[name] = choice
    return groups


def _danger(value: Value, groups: Groups) -> Danger:
    found = value.fields(
        {
            "category": Value.text,
            "priority": lambda each: each.one_of(frozenset(PRIORITIES)),
            "weight": _weight,
            "words": _some(phrase, groups),
        },
        {"unless": _some(around, groups)},
    )
    return Danger(**{"category": "", "priority": "", "weight": 0, "words": (), **found})


def _context(value: Value, groups: Groups) -> Context:
    some = _some(around, groups)
    found = value.fields({"code": Value.text, "words": some}, {"despite": some})
    return Context(**{"code": "", "words": (), **found})


def _sound(value: Value) -> Sound:
    found = value.fields({"meant": Value.text, "written": lambda rows: rows.each(Value.text)}, {})
    sound = Sound(**{"meant": "", "written": (), **found})
    for one in sound.written:
        if len(plain(one)) != len(plain(sound.meant)) or len(plain(one)) < 2:
            value.flaw(
                "SOUND_WRONG", one, "it needs as many signs as what is meant, and two or more"
            )
    return sound


def _weight(value: Value) -> int:
    weight = value.number()
    if not 1 <= weight <= HEAVIEST:
        value.flaw("WEIGHT_WRONG", str(weight), f"it must lie between 1 and {HEAVIEST}")
    return weight


def _some(reader: Callable[[str], Any], groups: Groups) -> Callable[[Value], tuple[str, ...]]:
    """Reads a list of one phrase or more, each in the syntax of `reader`."""

    def read(value: Value) -> tuple[str, ...]:
        phrases = value.each(lambda each: _checked(each, reader, groups))
        if not phrases:
            value.flaw("LIST_EMPTY", "", "it must name one phrase or more")
        return phrases

    return read


def _checked(value: Value, reader: Callable[[str], Any], groups: Groups) -> str:
    """The phrase with the words of its groups in the place of their names."""
    text = NAMED.sub(lambda found: groups.get(found[1], found[0]), value.text())
    try:
        if (unknown := NAMED.search(text)) is not None:
            raise PhraseError(f"{unknown[0]} is no group of this list")
        reader(text)
    except PhraseError as error:
        value.flaw("PHRASE_WRONG", text, str(error))
    return text

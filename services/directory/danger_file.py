"""Reads dangers.yaml: what the desk listens for in a narrative, each phrase checked."""

from collections.abc import Callable
from typing import Any

from backbone.words.danger import NO_DANGERS, Context, Danger, DangerList, Sound
from backbone.words.phrases import PhraseError, around, phrase, plain
from services.directory.documents import Value, read_document
from services.directory.flaws import Flaws, Spot
from services.directory.rules import PRIORITIES

HEAVIEST = 100


def read_dangers(file: str, text: str | None, flaws: Flaws) -> tuple[DangerList, dict[str, Spot]]:
    """Return the list, empty if the pack has none, and the spots of its rows; flaws are collected.

    The key of a row is danger/ and its number, counted from 0.
    """
    root = None if text is None else read_document(file, text, flaws)
    if root is None:
        return NO_DANGERS, {}
    found = root.fields(
        {"dangers": lambda rows: rows.each(lambda row: (_danger(row), row.spot))},
        {
            "contexts": lambda rows: rows.each(_context),
            "sounds": lambda rows: rows.each(_sound),
        },
    )
    rows = found.get("dangers", ())
    dangers = tuple(danger for danger, _ in rows)
    spots = {f"danger/{number}": spot for number, (_, spot) in enumerate(rows)}
    return DangerList(dangers, found.get("contexts", ()), found.get("sounds", ())), spots


def _danger(value: Value) -> Danger:
    found = value.fields(
        {
            "category": Value.text,
            "priority": lambda each: each.one_of(frozenset(PRIORITIES)),
            "weight": _weight,
            "words": _some(phrase),
        },
        {"unless": _some(around)},
    )
    return Danger(**{"category": "", "priority": "", "weight": 0, "words": (), **found})


def _context(value: Value) -> Context:
    found = value.fields({"code": Value.text, "words": _some(around)}, {"despite": _some(around)})
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


def _some(reader: Callable[[str], Any]) -> Callable[[Value], tuple[str, ...]]:
    """Reads a list of one phrase or more, each in the syntax of `reader`."""

    def read(value: Value) -> tuple[str, ...]:
        phrases = value.each(lambda each: _checked(each, reader))
        if not phrases:
            value.flaw("LIST_EMPTY", "", "it must name one phrase or more")
        return phrases

    return read


def _checked(value: Value, reader: Callable[[str], Any]) -> str:
    text = value.text()
    try:
        reader(text)
    except PhraseError as error:
        value.flaw("PHRASE_WRONG", text, str(error))
    return text

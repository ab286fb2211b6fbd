"""The danger to life that a report speaks of, as its desk tells the incident. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from backbone.words.errors import InvalidTransition


class HeardDanger(Struct, frozen=True):
    """The fields of `liandong.incident.v1.HeardDanger`, which documents each of them."""

    category: str
    name: str
    priority: str
    words: tuple[str, ...] = ()


def most_urgent(dangers: Iterable[HeardDanger | None]) -> HeardDanger | None:
    return min(filter(None, dangers), key=lambda each: each.priority, default=None)


def confirmed(danger: HeardDanger | None, priority: str, by_word: bool) -> HeardDanger | None:
    """The danger that this priority lies below and a person's word confirms; None if it does not.

    Raises DANGER_UNCONFIRMED without the word. An empty priority lies below every danger.
    """
    if danger is None or "" < priority <= danger.priority:
        return None
    if not by_word:
        raise unconfirmed(danger)
    return danger


def unconfirmed(danger: HeardDanger) -> InvalidTransition:
    """The refusal to go below the danger without a person's word."""
    return InvalidTransition(
        "DANGER_UNCONFIRMED",
        category=danger.category,
        name=danger.name,
        priority=danger.priority,
        words="、".join(danger.words),
    )

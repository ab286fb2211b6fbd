"""The danger to life that a report speaks of, as its desk tells the incident. Pure."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from backbone.words.city import City
from backbone.words.errors import InvalidTransition


class Danger(Protocol):
    """The class and priority that a danger asks for."""

    @property
    def category(self) -> str: ...
    @property
    def priority(self) -> str: ...


class HeardDanger(Struct, frozen=True):
    """The fields of `liandong.incident.v1.HeardDanger`, which documents each of them."""

    category: str
    name: str
    priority: str
    words: tuple[str, ...] = ()


def heard_in(city: City, *texts: str) -> HeardDanger | None:
    """The most urgent danger that the texts speak of, by the city's list of this moment."""
    signs = (sign for text in texts for sign in city.listener.signs(text))
    known = (sign for sign in signs if sign.category in city.categories)
    first = min(known, key=lambda sign: sign.priority, default=None)
    if first is None:
        return None
    name = city.categories[first.category].name
    return HeardDanger(first.category, name, first.priority, first.words)


def most_urgent(dangers: Iterable[HeardDanger | None]) -> HeardDanger | None:
    return min(filter(None, dangers), key=lambda each: each.priority, default=None)


def are_related(one: str, other: str) -> bool:
    """Whether the classes are the same, or one lies above the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def covers(known: Iterable[Danger], one: Danger) -> bool:
    """Whether one of the known dangers is this one, or a closer class of it, and as urgent."""
    return any(
        each.priority <= one.priority and f"{each.category}.".startswith(f"{one.category}.")
        for each in known
    )


def lies_below(category: str, priority: str, danger: Danger | None, city: City) -> bool:
    """Whether a matter of this class and priority answers less than the danger asks for.

    A class of its own is as good as that of the danger where the city gives it as much urgency; an
    empty priority or an unknown class lies below every danger.
    """
    if danger is None:
        return False
    if not priority or priority > danger.priority:
        return True
    if category and are_related(category, danger.category):
        return False
    known = city.categories.get(category)
    return known is None or known.default_priority > danger.priority


def confirmed_into(
    danger: HeardDanger | None, category: str, priority: str, by_word: bool, city: City
) -> HeardDanger | None:
    """The danger that the class or priority lies below and a person's word confirms; else None.

    Raises DANGER_UNCONFIRMED without the word.
    """
    if danger is None or not lies_below(category, priority, danger, city):
        return None
    if not by_word:
        raise unconfirmed(danger)
    return danger


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

"""The danger to life that a report speaks of, as its desk tells the incident. Pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from backbone.words.city import City
from backbone.words.danger import Sign
from backbone.words.errors import InvalidTransition


class Danger(Protocol):
    """The class and priority that a danger asks for."""

    @property
    def category(self) -> str: ...
    @property
    def priority(self) -> str: ...


class OtherDanger(Struct, frozen=True):
    """A danger that stands beside the most urgent one."""

    category: str
    name: str
    priority: str
    words: tuple[str, ...] = ()


class HeardDanger(Struct, frozen=True):
    """The fields of `liandong.incident.v1.HeardDanger`, which documents each of them."""

    category: str
    name: str
    priority: str
    words: tuple[str, ...] = ()
    others: tuple[OtherDanger, ...] = ()


D = TypeVar("D", bound=HeardDanger)


def signs_in(city: City, *texts: str) -> list[Sign]:
    """Each class of danger that the texts speak of, by the city's list of this moment, the most
    urgent first. Of one class the first text that speaks of it counts."""
    found: dict[str, Sign] = {}
    for sign in (sign for text in texts for sign in city.listener.signs(text)):
        if sign.category in city.categories:
            found.setdefault(sign.category, sign)
    return sorted(found.values(), key=lambda each: each.priority)


def heard_in(city: City, *texts: str) -> HeardDanger | None:
    """The dangers that the texts speak of, as one; see `together`."""
    return together(
        HeardDanger(each.category, city.categories[each.category].name, each.priority, each.words)
        for each in signs_in(city, *texts)
    )


def together(dangers: Iterable[D | None]) -> D | None:
    """The most urgent danger, and beside it the others that those before do not cover."""
    known = sorted(filter(None, dangers), key=lambda each: each.priority)
    if not known:
        return None
    kept: list[OtherDanger] = []
    for each in sorted((one for danger in known for one in each_of(danger)), key=_priority_of):
        if not covers(kept, each):
            kept.append(each)
    return replace(known[0], others=tuple(kept[1:]))


def each_of(danger: HeardDanger) -> tuple[OtherDanger, ...]:
    """All dangers, the most urgent first."""
    first = OtherDanger(danger.category, danger.name, danger.priority, danger.words)
    return (first, *danger.others)


def names_of(danger: HeardDanger) -> str:
    """The names of all dangers, the most urgent first."""
    return "、".join(dict.fromkeys(each.name for each in each_of(danger)))


def _priority_of(danger: Danger) -> str:
    return danger.priority


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
    """The refusal to go below the dangers without a person's word, which is for all of them."""
    every = each_of(danger)
    return InvalidTransition(
        "DANGER_UNCONFIRMED",
        category=danger.category,
        name=names_of(danger),
        priority=danger.priority,
        words="、".join(dict.fromkeys(word for each in every for word in each.words)),
        others=", ".join(each.category for each in danger.others),
    )

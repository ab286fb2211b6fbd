"""Danger to life: what a narrative says of it, and the word of a person who ends below it."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from backbone.life_cycle import change
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.heard import (
    Danger,
    HeardDanger,
    covers,
    each_of,
    lies_below,
    unconfirmed,
)
from services.alarm.receipt.record import Classification, Receipt, State
from services.alarm.receipt.suggested import Confirmation, DangerSuggestion, Suggestions

Heard = DangerSuggestion | None


class Ending(Protocol):
    """A command that ends a receipt; `confirm_priority` is the person's word."""

    @property
    def by(self) -> Actor: ...

    @property
    def confirm_priority(self) -> bool: ...


class DangerHeard(Struct, frozen=True):
    """The danger that an amended report speaks of; None if it speaks of none any more."""

    time: datetime
    danger: DangerSuggestion | None


class PriorityConfirmed(Struct, frozen=True):
    """A person ends the receipt below the suggestion, and has said so."""

    time: datetime
    danger: DangerSuggestion
    confirmed_by: str


def suggested(danger: DangerSuggestion | None, category: str, priority: str) -> tuple[str, str]:
    """Class and priority; one that no person has given is taken from the suggestion at once.

    To answer too much can be undone by a person with time; to answer too little cannot.
    """
    if danger is None:
        return category, priority
    return category or danger.category, priority or danger.priority


def confirmed(
    receipt: Receipt, command: Ending, now: datetime, *, below: bool = True
) -> list[PriorityConfirmed]:
    """The word of the person if the end lies below the suggestion. Raises InvalidTransition."""
    return confirmed_below(receipt.suggestions.danger, command, now, below=below)


def confirmed_below(
    danger: DangerSuggestion | None, command: Ending, now: datetime, *, below: bool
) -> list[PriorityConfirmed]:
    if danger is None or not below:
        return []
    if not command.confirm_priority:
        raise unconfirmed(danger)
    return [PriorityConfirmed(now, danger, command.by.user)]


def is_lowered(
    before: Receipt, given: Classification, danger: Heard, city: City, standing: str
) -> bool:
    """Whether a new class or priority of an ended receipt takes it, or its incident, below the
    danger; `standing` is the priority that the incident has, empty if it is not known."""
    then = before.classification
    known = min(then.priority, standing or then.priority)
    less = given.priority > known or given.category != then.category
    return (
        before.state is not State.RECEIVED
        and less
        and lies_below(given.category, given.priority, danger, city)
    )


def unsettled(receipt: Receipt, danger: DangerSuggestion) -> str:
    """The priority of the most urgent danger of which no person has said that the receipt may lie
    below it; empty if there is none."""
    word = receipt.priority_confirmed
    spoken: tuple[Danger, ...] = (word, *word.others) if word else ()
    open_ = [each.priority for each in each_of(danger) if not covers(spoken, each)]
    return min(open_, default="")


def is_taken_back(before: Heard, danger: Heard) -> bool:
    """Whether new words speak of no danger any more, or of a less urgent one."""
    return before is not None and (danger is None or danger.priority > before.priority)


def news_in(before: Heard, danger: DangerSuggestion) -> str:
    """The priority of the most urgent danger that is a new fact: one that was not spoken of, one
    that is more urgent, or a closer class than before. Empty if nothing is new."""
    known = each_of(before) if before else ()
    return min((e.priority for e in each_of(danger) if not covers(known, e)), default="")


def is_below(receipt: Receipt, city: City) -> bool:
    """Whether priority or class of the receipt are less urgent than the suggestion."""
    given, danger = receipt.classification, receipt.suggestions.danger
    return lies_below(given.category, given.priority, danger, city)


def told_of(receipt: Receipt) -> HeardDanger | None:
    """The dangers as others are told of them."""
    danger = receipt.suggestions.danger
    if danger is None:
        return None
    first = (danger.category, danger.name, danger.priority, danger.words)
    return HeardDanger(*first, danger.others)


def heard(receipt: Receipt, event: DangerHeard) -> Receipt:
    known = receipt.suggestions
    told = Suggestions(known.category, known.repeats, event.danger)
    return replace(receipt, suggestions=told)


def settled(receipt: Receipt, event: PriorityConfirmed) -> Receipt:
    danger = event.danger
    word = Confirmation(
        event.confirmed_by, event.time, danger.category, danger.priority, danger.others
    )
    return replace(receipt, priority_confirmed=word)


VERBS = ()
CHANGES = (change(heard), change(settled))

"""What the service suggests to the desk, and the word of a person who decides otherwise."""

from datetime import datetime

from msgspec import Struct


class CategorySuggestion(Struct, frozen=True):
    category: str
    name: str
    score: float
    words: tuple[str, ...]


class RepeatSuggestion(Struct, frozen=True):
    """`incident` is what to link to, with its last known `state`; empty while there is none."""

    receipt: str
    code: str
    incident: str
    score: float
    reasons: tuple[str, ...]
    state: str = ""


class OtherDanger(Struct, frozen=True):
    """A danger that the narrative speaks of beside the most urgent one."""

    category: str
    name: str
    priority: str


class DangerSuggestion(Struct, frozen=True):
    """The class and priority of the most urgent danger to life that the narrative speaks of, and
    the others, the most urgent first."""

    category: str
    name: str
    priority: str
    words: tuple[str, ...]
    score: float
    others: tuple[OtherDanger, ...] = ()


class Suggestions(Struct, frozen=True):
    """Suggested by the service: the danger after the last amendment, the rest when it was taken."""

    category: tuple[CategorySuggestion, ...] = ()
    repeats: tuple[RepeatSuggestion, ...] = ()
    danger: DangerSuggestion | None = None


class Confirmation(Struct, frozen=True):
    """The person who ended the receipt below a suggested danger, and that danger."""

    confirmed_by: str
    confirm_time: datetime
    category: str
    priority: str
    others: tuple[OtherDanger, ...] = ()

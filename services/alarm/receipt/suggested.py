"""What the service suggests to the desk, and the word of a person who decides otherwise."""

from datetime import datetime

from msgspec import Struct

from backbone.words.heard import HeardDanger, OtherDanger


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


class DangerSuggestion(HeardDanger, frozen=True, kw_only=True):
    """The most urgent danger to life that the narrative speaks of, with the others."""

    score: float


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

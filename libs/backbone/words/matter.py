"""A matter: the facts with which an intake service opens an incident. Pure."""

from uuid import UUID

from msgspec import Struct

from backbone.words.heard import HeardDanger
from backbone.words.place import Place

ACCUSATION = "accusation"  # 检举控告: the category that routing gives to the discipline bodies


class Matter(Struct, frozen=True):
    """The fields of `liandong.incident.v1.Matter`, which documents each of them."""

    id: UUID
    code: str
    source: str
    title: str
    narrative: str
    category: str
    priority: str
    place: Place
    desk: str
    to_unit: str = ""
    against: str = ""
    danger: str = ""
    persons: tuple[str, ...] = ()
    origin: str = ""
    note: str = ""
    heard: HeardDanger | None = None


def with_note(text: str, note: str) -> str:
    """The words of the report, and below them what the desk that passed it on says."""
    return "\n".join(filter(None, (text, note and f"转办说明：{note}")))

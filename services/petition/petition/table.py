"""The petition's row: the columns beside its document, and how older documents are read. Pure."""

from typing import Any

from backbone.words.rank import by_time
from services.petition.petition.record import OVER, Petition, accused, audience, watched_area

SHAPE = 7
COLUMNS = {
    "code": "text",
    "state": "text",
    "register_time": "timestamptz",
    "rank": "bigint",
    "desk": "text",
    "channel": "text",
    "kind": "text",
    "category": "text",
    "accused": "text",
    "audience": "text[]",
    "watched_area": "text",
    "petitioner_indexes": "text[]",
}


def project(petition: Petition) -> dict[str, Any]:
    """The columns that lists filter by, and those that say who may know of it."""
    return {
        "code": petition.code,
        "state": petition.state,
        "register_time": petition.register_time,
        "rank": by_time(petition.register_time, petition.state in OVER),
        "desk": petition.desk,
        "channel": petition.filing.channel,
        "kind": petition.kind,
        "category": petition.filing.category,
        "accused": accused(petition),
        "audience": audience(petition),
        "watched_area": watched_area(petition),
        "petitioner_indexes": petition.filing.petitioner_indexes,
    }


def upgrade(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    """Shape 1 is the flat record of 0.1.0; later ones only grew."""
    if shape > 1:
        return doc
    kept = ("id", "code", "version", "time", "state", "desk", "area", "register_time")
    return {
        **{name: doc[name] for name in (*kept, "filing", "units")},
        "acceptance": _part(doc, "kind", "lawful_channel", "accept_time"),
        "dismissal": _part(doc, "reason", "told_where"),
        "handling": {name: doc[name] for name in ("to_unit", "incident", "progress")},
        "ending": _part(doc, "reply", "reply_time", "close_time"),
    }


def _part(doc: dict[str, Any], *names: str) -> dict[str, Any] | None:
    """A part of these fields; None where the first of them says nothing."""
    return {name: doc[name] for name in names} if doc[names[0]] else None

"""The dispute's row: the columns beside its document, and how older documents are read. Pure."""

from typing import Any

from backbone.words.rank import by_time
from services.dispute.dispute.record import OVER, Dispute, source_by_code

SHAPE = 6
COLUMNS = {
    "code": "text",
    "state": "text",
    "register_time": "timestamptz",
    "rank": "bigint",
    "desk": "text",
    "area": "text",
    "units": "text[]",
    "kind": "text",
    "source": "text",
    "level": "integer",
    "violence": "boolean",
}


def project(dispute: Dispute) -> dict[str, Any]:
    """The columns that lists filter by, those that say who may know of it, and those of CHECKs."""
    filing = dispute.filing
    return {
        "code": dispute.code,
        "state": dispute.state,
        "register_time": dispute.register_time,
        "rank": by_time(dispute.register_time, dispute.state in OVER),
        "desk": dispute.desk,
        "area": dispute.area,
        "units": dispute.units,
        "kind": filing.kind,
        "source": filing.source,
        "level": filing.level,
        "violence": filing.violence,
    }


def upgrade(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    """Shape 1 is the flat record of 0.1.0; later ones only grew. Before shape 5 the desk said where
    a dispute came from, also of one that came from a petition."""
    if shape > 4:
        return doc
    doc = {**doc, "filing": _of_petition(doc["filing"])}
    if shape > 1:
        return doc
    kept = ("id", "code", "version", "time", "state", "desk", "area", "register_time")
    return {
        **{name: doc[name] for name in (*kept, "filing", "units")},
        "acceptance": _part(doc, "mediation", "accept_time"),
        "routing": {name: doc[name] for name in ("to_unit", "incident")},
        "proceedings": {name: doc[name] for name in ("sessions", "agreement")},
        "ending": _part(doc, "end_time", "reason", "told_where", "close_time"),
    }


def _of_petition(filing: dict[str, Any]) -> dict[str, Any]:
    code = (filing.get("origin") or {}).get("code", "")
    found = source_by_code(code)
    return {**filing, "source": found} if found else filing


def _part(doc: dict[str, Any], *names: str) -> dict[str, Any] | None:
    """A part of these fields; None where the first of them says nothing."""
    return {name: doc[name] for name in names} if doc[names[0]] else None

"""What the table of missions shows beside the document, and how older documents are read."""

from typing import Any

from backbone.words.rank import by_time
from services.emergency.mission.record import OVER, Mission

SHAPE = 2
COLUMNS = {
    "state": "text",
    "matter_id": "uuid",
    "code": "text",
    "team": "text",
    "unit": "text",
    "ordered_unit": "text",
    "area": "text",
    "priority": "text",
    "dispatch_time": "timestamptz",
    "rank": "bigint",
    "acknowledge_by": "timestamptz",
    "due_time": "timestamptz",
    "end_time": "timestamptz",
}

ORDER = (
    "matter_id", "code", "team", "priority", "place", "narrative", "category", "exercise",
    "ordered_by", "ordered_unit",
)  # fmt: skip
RELEASE = ("unit", "area", "reachable", "pauses", "dispatch_time", "acknowledge_by")
PUSHES = ("due_time", "revision", "attempt")
PROGRESS = (
    "implied", "deliver_time", "acknowledge_time", "depart_time", "arrive_time", "acknowledged_by",
)  # fmt: skip
ENDING = ("end_time", "refuse_reason", "result")


def project(mission: Mission) -> dict[str, Any]:
    """The columns by which missions are found, pushed again and checked."""
    order, release, ending = mission.order, mission.release, mission.ending
    return {
        "state": mission.state,
        "matter_id": order.matter_id,
        "code": order.code,
        "team": order.team,
        "unit": release.unit,
        "ordered_unit": order.ordered_unit,
        "area": release.area,
        "priority": order.priority,
        "dispatch_time": release.dispatch_time,
        "rank": by_time(release.dispatch_time, mission.state in OVER),
        "acknowledge_by": release.acknowledge_by,
        "due_time": mission.pushes.due_time,
        "end_time": ending.end_time if ending else None,
    }


def upgrade(doc: dict[str, Any], shape: int) -> dict[str, Any]:
    """Shape 1 is the flat row of 0.1.0."""
    return {
        **_part(doc, ("id", "version", "time", "state")),
        "order": _part(doc, ORDER),
        "release": _part(doc, RELEASE),
        "pushes": _part(doc, PUSHES),
        "progress": _part(doc, PROGRESS),
        "ending": _part(doc, ENDING) if doc["end_time"] else None,
    }


def _part(doc: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: doc[name] for name in names}

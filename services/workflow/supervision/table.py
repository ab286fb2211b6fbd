"""The projected columns of the table of supervisions."""

from typing import Any

from backbone.words.rank import by_time
from services.workflow.supervision import waits_for
from services.workflow.supervision.demanding import next_due
from services.workflow.supervision.record import OVER, Supervision

SHAPE = 1
COLUMNS = {
    "state": "text",
    "level": "text",
    "unit": "text",
    "area": "text",
    "rank": "bigint",
    "readers": "text[]",
    "waiting": "text[]",
    "addressed": "text[]",
    "due_time": "timestamptz",
}


def project(supervision: Supervision) -> dict[str, Any]:
    """`addressed` says `incident/unit` for each unit that was asked, for the query MOVED."""
    return {
        "state": supervision.state,
        "level": supervision.level,
        "unit": supervision.unit,
        "area": supervision.area,
        "rank": by_time(supervision.open_time, supervision.state in OVER),
        "readers": supervision.readers,
        "waiting": waits_for(supervision),
        "addressed": [f"{each.incident}/{each.unit}" for each in supervision.demands],
        "due_time": next_due(supervision),
    }

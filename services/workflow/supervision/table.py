"""The projected columns of the table of supervisions."""

from typing import Any

from backbone.words.rank import by_time
from services.workflow.supervision import waits_for
from services.workflow.supervision.demanding import next_due
from services.workflow.supervision.record import OVER, Answering, Demand, Supervision

SHAPE = 8
COLUMNS = {
    "state": "text",
    "level": "text",
    "unit": "text",
    "area": "text",
    "source": "text",
    "accused": "text",
    "rank": "bigint",
    "readers": "text[]",
    "apart": "text[]",
    "waiting": "text[]",
    "addressed": "text[]",
    "due_time": "timestamptz",
}


def project(supervision: Supervision) -> dict[str, Any]:
    """`addressed` says `incident/unit` for each unit that was asked, for the query MOVED; an ended
    demand is asked anew once its incident goes on."""
    return {
        "state": supervision.state,
        "level": supervision.level,
        "unit": supervision.unit,
        "area": supervision.area,
        "source": supervision.facts.source,
        "accused": ",".join(supervision.every_accused),
        "rank": by_time(supervision.open_time, supervision.state in OVER),
        "readers": supervision.readers,
        "apart": supervision.apart,
        "waiting": waits_for(supervision),
        "addressed": [_asked(each) for each in supervision.demands],
        "due_time": next_due(supervision),
    }


def _asked(demand: Demand) -> str:
    ended = " ended" if demand.state is Answering.ENDED else ""
    return f"{demand.incident}/{demand.unit}{ended}"

"""What the filters of an inbox say of a line that is kept elsewhere: an alert, what was passed on
in vain, a ticket, a refused follow-up. The same conditions are asked of the incidents by SQL.
"""

from collections.abc import Mapping
from typing import Any

from backbone.postgres.asking import state_of, time_of
from backbone.postgres.conditions import all_hold
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import storage

# They say which page, and of what list; everything else narrows it.
WINDOW = frozenset({"inbox", "page_size", "page_token", "count"})


def narrows(request: pb.ListIncidentsRequest) -> bool:
    return any(field.name not in WINDOW for field, _ in request.ListFields())


def fits(
    request: pb.ListIncidentsRequest, wait: resources.Waiting, columns: Mapping[str, Any]
) -> bool:
    """Whether all filters hold: of why the line stands there, and of these columns."""
    why = request.reason in ("", wait.reason) and wait.overdue >= request.overdue
    return why and _opened_within(request, columns) and _is(request, columns)


def columns_of(item: resources.Incident) -> dict[str, Any]:
    """What a line shows whose incident the caller does not see, or that has none."""
    return {
        "state": None,
        "unit": item.waits[0].unit,
        "holder": None,
        "code": item.code,
        "category": item.category,
        "priority": item.priority,
        "area": item.place.area,
        "source": item.source,
        "open_time": time_of(item, "open_time"),
    }


def _is(request: pb.ListIncidentsRequest, columns: Mapping[str, Any]) -> bool:
    """What stands beside the incidents waits whatever became of them, unless a state is asked."""
    state = state_of(request)
    states, _ = storage.STATES.asked(state, request.closed, one=not state and not request.closed)
    return all_hold((*states, *storage.filters_of(request)), columns)


def _opened_within(request: pb.ListIncidentsRequest, columns: Mapping[str, Any]) -> bool:
    since, until = time_of(request, "from_time"), time_of(request, "to_time")
    opened = columns["open_time"]
    if opened is None:
        return since is None and until is None
    return (since is None or since <= opened) and (until is None or opened < until)

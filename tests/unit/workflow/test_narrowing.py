"""Each filter of an inbox holds for a line of each origin: one that fits stays, another goes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from backbone.words.sight import DISPUTE
from liandong.alarm.v1 import alarm_pb2 as receipts
from liandong.emergency.v1 import emergency_pb2 as missions
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.operations.v1 import operations_service_pb2 as operations_pb
from liandong.place.v1.place_pb2 import Place
from services.workflow import beside
from services.workflow.narrowing import WINDOW, columns_of, fits, narrows

CODE, OTHER_CODE = "990101261130-022194-9", "990101261130-01101132-9"
MATTER, GRID = "01a1b2c3-0000-7000-8000-000000000001", "990101001002"


def at(hour: int, second: int = 0) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(datetime(2026, 11, 30, hour, 0, second, tzinfo=UTC))
    return found


# The line, and by filter the value that it has.
OF_A_MATTER = {"code": CODE, "category": "fire.alarm", "priority": "P1", "area": GRID}
ORIGINS: dict[str, tuple[resources.Incident, dict[str, Any]]] = {
    "alert": (
        beside._of_alert(
            missions.Alert(
                matter_id=MATTER,
                code=CODE,
                # Where the team is at home is not where the matter lies.
                area="990102001",
                matter_area=GRID,
                ordered_unit="command",
                category="fire.alarm",
                priority="P1",
                reason="UNANSWERED",
                dispatch_time=at(2),
            )
        ),
        {**OF_A_MATTER, "source": "ALARM", "reason": "TEAM_UNANSWERED", "overdue": True},
    ),
    "passed": (
        beside._of_passed(
            receipts.Outstanding(
                id=MATTER,
                code=CODE,
                reason=receipts.Outstanding.REASON_RETURNED,
                unit="command",
                passed_to="hotline",
                category="fire.alarm",
                priority="P1",
                area=GRID,
                receive_time=at(2),
            )
        ),
        {**OF_A_MATTER, "source": "ALARM", "reason": "PASSED_RETURNED"},
    ),
    "ticket": (
        beside._of_ticket(
            receipts.Ticket(
                id=MATTER,
                code=CODE,
                unit="command",
                desk="990100-command",
                category="fire.alarm",
                priority="P1",
                place=Place(area=GRID),
                file_time=at(2),
                state=receipts.Ticket.STATE_LAPSED,
            )
        ),
        {**OF_A_MATTER, "source": "ALARM", "reason": "TICKET", "overdue": True},
    ),
    # It names no code and no class: a filter of these leaves it out.
    "link": (
        beside._of_link(
            "alarm",
            operations_pb.RefusedLink(
                matter=MATTER,
                event_id=MATTER,
                aggregate_id=MATTER,
                unit="command",
                area=GRID,
                source=DISPUTE,
                time=at(2),
            ),
        ),
        {"area": GRID, "source": "DISPUTE", "reason": "LINK_REFUSED"},
    ),
}
# By filter: values near the one that a line has, and those that are far from it.
NEAR: dict[str, list[Any]] = {
    "unit": ["command"],
    "code": [CODE, CODE.replace("-", "")],
    "category": ["fire.alarm", "fire"],
    "priority": ["P1"],
    "area": [GRID, "990101", "990100"],
    "from_time": [at(2), at(1)],
    "to_time": [at(3), at(2, 1)],
}
FAR: dict[str, list[Any]] = {
    "state": [resources.Incident.STATE_OFFERED, resources.Incident.STATE_CLOSED],
    "unit": ["hotline", "north"],
    "code": [OTHER_CODE],
    "category": ["theft", "fire.alarm.car"],
    "priority": ["P4"],
    "area": ["990102", "990101001003"],
    "holder": ["li"],
    "closed": [True],
    "source": ["PETITION"],
    "reason": ["POOL"],
    "overdue": [True],
    "from_time": [at(3)],
    "to_time": [at(2), at(1)],
}
TIMED = ("unit", "from_time", "to_time")


def cases() -> Any:
    for origin, (_, has) in ORIGINS.items():
        for field in FAR:
            stays = [has[field]] if field in has else []
            if field in has or field in TIMED:
                stays += NEAR.get(field, [])
            goes = [each for each in FAR[field] if each not in stays]
            if field not in has and field not in TIMED:
                goes += NEAR.get(field, [])
            yield from (pytest.param(origin, field, each, True) for each in stays)
            yield from (pytest.param(origin, field, each, False) for each in goes)


def asking(field: str, value: Any) -> pb.ListIncidentsRequest:
    request = pb.ListIncidentsRequest(inbox=True, page_size=9, **{field: value})
    assert narrows(request)
    return request


@pytest.mark.parametrize(("origin", "field", "value", "stays"), [*cases()])
def test_a_filter_leaves_what_fits_it(origin: str, field: str, value: Any, stays: bool) -> None:
    line, _ = ORIGINS[origin]
    assert fits(asking(field, value), line.waits[0], columns_of(line)) is stays


def test_every_filter_is_tried() -> None:
    fields = {field.name for field in pb.ListIncidentsRequest.DESCRIPTOR.fields}
    assert fields - WINDOW == FAR.keys()
    assert not narrows(pb.ListIncidentsRequest(inbox=True, page_size=9, page_token="x", count=True))
    every = pb.ListIncidentsRequest(inbox=True)
    assert all(fits(every, line.waits[0], columns_of(line)) for line, _ in ORIGINS.values())

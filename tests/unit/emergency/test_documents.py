"""The documents of missions: what 0.1.0 wrote is read, what is written now reads back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from services.emergency.deciders import missions, statuses
from services.emergency.mission.dispatching import DispatchMission
from services.emergency.mission.record import State
from services.emergency.mission.steps import ClearMission, RefuseMission, ReportOnScene
from services.emergency.team.status import Duty
from tests.unit.emergency.missions import DISPATCH, LEE, NOW, after

# A row of the table of 0.1.0, as the migration turns it into a document.
FLAT: dict[str, Any] = {
    "id": str(after(DISPATCH).id),
    "version": 1,
    "time": "2026-01-01T00:00:00+00:00",
    "state": "PENDING",
    "matter_id": "00000000-0000-0000-0000-000000000007",
    "code": "990101260101-000001-3",
    "team": "fire-1",
    "unit": "990101-fire",
    "area": "990101",
    "priority": "P1",
    "place": {"area": "", "text": "长风路12号", "point": None},
    "narrative": "两车相撞",
    "category": "traffic.accident",
    "exercise": False,
    "ordered_by": "zhao",
    "ordered_unit": "desk",
    "reachable": False,
    "pauses": [10, 20, 40],
    "dispatch_time": "2026-01-01T00:00:00+00:00",
    "acknowledge_by": "2026-01-01T00:01:00+00:00",
    "due_time": "2026-01-01T00:00:10+00:00",
    "revision": 1,
    "attempt": 1,
    "implied": [],
    "deliver_time": None,
    "acknowledge_time": None,
    "depart_time": None,
    "arrive_time": None,
    "end_time": None,
    "acknowledged_by": "",
    "refuse_reason": "",
    "result": "",
}
CLEARED = {
    **FLAT,
    "version": 3,
    "state": "CLEARED",
    "due_time": None,
    "implied": ["DELIVERED", "ACKNOWLEDGED", "EN_ROUTE"],
    "deliver_time": "2026-01-01T00:00:00+00:00",
    "acknowledge_time": "2026-01-01T00:00:00+00:00",
    "depart_time": "2026-01-01T00:00:00+00:00",
    "arrive_time": "2026-01-01T00:00:00+00:00",
    "end_time": "2026-01-01T00:00:00+00:00",
    "result": "伤者已送医",
}
REFUSED = {
    **FLAT,
    "version": 2,
    "state": "REFUSED",
    "due_time": None,
    "implied": ["DELIVERED"],
    "deliver_time": "2026-01-01T00:00:00+00:00",
    "end_time": "2026-01-01T00:00:00+00:00",
    "refuse_reason": "车辆故障",
}


@pytest.mark.parametrize(
    ("doc", "commands"),
    [
        (FLAT, []),
        (CLEARED, [ReportOnScene(LEE), ClearMission(LEE, "伤者已送医")]),
        (REFUSED, [RefuseMission(LEE, "车辆故障")]),
    ],
)
def test_a_flat_document_gives_the_composed_mission(
    doc: dict[str, Any], commands: list[Any]
) -> None:
    assert missions.from_doc(json.dumps(doc), 1) == after(DISPATCH, *commands)


@pytest.mark.parametrize("command", [DISPATCH, ReportOnScene(LEE), RefuseMission(LEE, "no crew")])
def test_a_document_reads_back(command: Any) -> None:
    mission = after(*([] if isinstance(command, DispatchMission) else [DISPATCH]), command)
    assert missions.from_doc(missions.to_doc(mission), missions.table.shape) == mission


def test_the_columns_of_a_mission() -> None:
    columns = missions.table.project(after(DISPATCH))
    assert columns.keys() == missions.table.columns.keys()
    assert (columns["state"], columns["team"], columns["unit"], columns["end_time"]) == (
        State.PENDING,
        "fire-1",
        "990101-fire",
        None,
    )
    assert columns["due_time"] == NOW + timedelta(seconds=10)
    cleared = missions.table.project(after(DISPATCH, ClearMission(LEE)))
    assert (cleared["due_time"], cleared["end_time"]) == (None, NOW)


def test_the_row_of_a_status_of_0_1_0_is_its_document() -> None:
    doc = {
        "id": "00000000-0000-0000-0000-000000000001",
        "version": 2,
        "time": "2026-01-01T00:00:00+00:00",
        "team": "fire-1",
        "unit": "990101-fire",
        "area": "990101",
        "duty": "RESTING",
        "note": "换班",
        "set_by": "lee",
    }
    status = statuses.from_doc(json.dumps(doc), 1)
    assert (status.duty, status.note, status.time, status.version) == (
        Duty.RESTING,
        "换班",
        NOW,
        2,
    )


def test_a_mission_from_before_there_were_ladders_keeps_its_pauses() -> None:
    doc = json.loads(missions.to_doc(after(DISPATCH)))
    del doc["ladder"], doc["order"]["force_reason"]
    mission = missions.from_doc(json.dumps(doc), 2)
    assert mission == after(DISPATCH)
    assert (mission.ladder, mission.pushes.due_time) == (None, NOW + timedelta(seconds=10))

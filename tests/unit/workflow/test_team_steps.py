"""The steps of teams on a timeline: by name, without persons, each on one page."""

from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st

from liandong.emergency.v1.emergency_pb2 import Mission, Recall
from liandong.incident.v1.incident_pb2 import Progress
from services.workflow.team_steps import merged, steps_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_mission(**more: Any) -> Mission:
    return Mission(
        id="m",
        team="fire-1",
        unit="fire",
        ordered_unit="desk",
        ordered_by="zhao",
        acknowledged_by="lee",
        dispatch_time=at(0),
        **more,
    )


def kinds(mission: Mission) -> list[str]:
    return [each.kind for each in steps_of(mission)]


def test_the_steps_of_a_mission_with_its_team_and_no_person() -> None:
    mission = a_mission(
        state=Mission.STATE_CLEARED,
        acknowledge_time=at(1),
        depart_time=at(2),
        arrive_time=at(3),
        end_time=at(4),
        result="伤者李四已送医",
        implied=[Mission.STATE_EN_ROUTE],
    )
    steps = [*steps_of(mission)]
    assert [each.kind for each in steps] == [
        "MissionDispatched",
        "MissionAcknowledged",
        "TeamOnScene",
        "MissionCleared",
    ]
    assert MessageToDict(steps[0].facts)["team"] == "fire-1"
    assert [each.unit for each in steps] == ["desk", "fire", "fire", "fire"]
    assert [each.actor for each in steps] == ["", "fire-1", "fire-1", "fire-1"]
    assert MessageToDict(steps[-1].facts)["result"] == "伤者李四已送医"
    said = "".join(map(str, steps))
    assert not any(person in said for person in ("zhao", "lee"))


def test_refusals_and_recalls() -> None:
    refused = a_mission(state=Mission.STATE_REFUSED, end_time=at(1), refuse_reason="车坏了")
    assert kinds(refused) == ["MissionDispatched", "MissionRefused"]
    [_, refusal] = steps_of(refused)
    assert (refusal.actor, MessageToDict(refusal.facts)["reason"]) == ("fire-1", "车坏了")
    recall = Recall(cause=Recall.CAUSE_INCIDENT_VOIDED, recall_time=at(1), confirm_time=at(2))
    recalled = a_mission(state=Mission.STATE_RECALLED, end_time=at(1), recall=recall)
    assert kinds(recalled) == ["MissionDispatched", "MissionRecalled", "RecallConfirmed"]
    [_, step, _] = steps_of(recalled)
    assert MessageToDict(step.facts)["cause"] == "INCIDENT_VOIDED"


SECONDS = st.lists(st.integers(0, 20), max_size=12).map(sorted)


@given(SECONDS.filter(bool), SECONDS, st.integers(1, 5))
def test_each_step_stands_on_one_page_in_order(
    events: list[int], steps: list[int], size: int
) -> None:
    told = [Progress(version=n, time=at(second)) for n, second in enumerate(events, 1)]
    done = [Progress(kind="step", time=at(second)) for second in steps]
    pages, since = [], None
    for start in range(0, len(told), size):
        page, is_last = told[start : start + size], start + size >= len(told)
        pages += merged(page, done, since, is_last)
        since = page[-1].time.ToDatetime(UTC)
    assert [each.version for each in pages if each.version] == [each.version for each in told]
    assert sum(not each.version for each in pages) == len(done)
    times = [each.time.ToDatetime(UTC) for each in pages]
    assert times == sorted(times)

"""Every event reads back from the wire as it was; a call and an event ask for the same thing."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backbone.door.journal import FIRST
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.words.actor import Actor
from backbone.words.errors import InvalidArgument, NotFound
from backbone.words.place import Place, Point
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency import codec
from services.emergency.deciders import missions, statuses
from services.emergency.mission.correcting import MissionRevised
from services.emergency.mission.dispatching import MissionDispatched
from services.emergency.mission.joining import MissionJoined
from services.emergency.mission.recalling import MissionRecalled, RecallConfirmed
from services.emergency.mission.record import Mission, Order
from services.emergency.mission.repeats import MissionPushedAgain
from services.emergency.mission.steps import (
    Crew,
    MissionAcknowledged,
    MissionCleared,
    MissionDelivered,
    MissionRefused,
    RefuseMission,
    TeamEnRoute,
    TeamOnScene,
)
from services.emergency.team.status import Duty, TeamStatus, TeamStatusSet
from tests.unit.emergency.missions import DISPATCH, FACTS, NOW, WITHDRAW, after

LATER = NOW + timedelta(seconds=10)
ORDER = Order(
    matter_id=UUID(int=7),
    code="990101260101-000001-3",
    team="fire-1",
    priority="P1",
    place=Place("长风路12号", Point(108.5, 34.5), "990101001"),
    narrative="两车相撞",
    category="traffic.accident",
    exercise=True,
    ordered_by="zhao",
    ordered_unit="desk",
)
EVENTS: list[Any] = [
    MissionDispatched(NOW, ORDER, "990101-fire", "990101", (10, 20), LATER, LATER, True),
    MissionDelivered(NOW, LATER),
    MissionAcknowledged(NOW, "lee", None, 2),
    MissionRefused(NOW, "车辆故障", LATER),
    TeamEnRoute(NOW, None),
    TeamOnScene(NOW, LATER),
    MissionCleared(NOW, "伤者已送医", None),
    MissionPushedAgain(NOW, 2, LATER),
    MissionRevised(NOW, 2, ("place",), FACTS, FACTS, "更正", "r", True, LATER, None),
    MissionRecalled(NOW, WITHDRAW.recall, 2, LATER),
    RecallConfirmed(NOW, "lee", LATER),
    MissionJoined(NOW, UUID(int=8), "990101260101-000002-1"),
]


def a_request(command: Any) -> Request[Any]:
    return Request(uuid4(), uuid4(), command, "", Actor("lee"), NEVER)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_reads_back(event: Any) -> None:
    mission: Mission = after(DISPATCH)
    record = missions.journal_row(mission, event, a_request(None), FIRST)
    assert record.kind.startswith("liandong.emergency.")
    assert record.correlation_id == str(mission.order.matter_id)
    assert missions.from_event(record.payload) == event


def test_the_status_of_a_team_reads_back() -> None:
    event = TeamStatusSet(NOW, "fire-1", "990101-fire", "990101", Duty.RESTING, "换班", "lee")
    status = TeamStatus(uuid4(), 1, NOW, "fire-1", "u", "a", Duty.RESTING, "", "lee")
    record = statuses.journal_row(status, event, a_request(None), FIRST)
    assert statuses.from_event(record.payload) == event


def test_a_call_becomes_the_command_of_its_name() -> None:
    request = pb.RefuseMissionRequest(mission_id="m", reason="no crew")
    request.device_time.FromDatetime(NOW)
    by = Crew("lee", "fire-1")
    assert codec.to_step(request, by) == RefuseMission(by, "no crew", NOW)


def test_what_names_nothing() -> None:
    order = resources.Order(matter_id=str(UUID(int=7)), team="fire-1")
    assert codec.ordered_matter(order) == UUID(int=7)
    with pytest.raises(InvalidArgument, match="ORDER_INCOMPLETE"):
        codec.ordered_matter(resources.Order(matter_id="x"))
    with pytest.raises(NotFound, match="NO_SUCH_MISSION"):
        codec.mission_id("x")


def test_without_a_policy_the_pauses_are_the_usual_ones() -> None:
    assert codec.pauses_of(None) == (10, 20, 40)


def test_a_frame_says_what_the_order_said_and_how_often() -> None:
    mission = after(DISPATCH)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    row = {"seq": 3, "revision": 1, "attempt": 2, "kind": "MISSION", "traceparent": trace}
    acknowledge_by = mission.release.acknowledge_by
    assert codec.to_push(row, mission, "2") == resources.Push(
        seq=3,
        cursor="2",
        mission=str(mission.id),
        revision=1,
        attempt=2,
        priority="P1",
        code="990101260101-000001-3",
        place={"text": "长风路12号"},
        narrative="两车相撞",
        category="traffic.accident",
        acknowledge_by=acknowledge_by,
        state=resources.Mission.STATE_PENDING,
        kind=resources.Push.KIND_MISSION,
        asks=True,
        traceparent=trace,
    )

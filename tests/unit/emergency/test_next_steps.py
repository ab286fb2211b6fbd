"""What a team may do next with its mission: nothing that it would be refused."""

from uuid import uuid4

import pytest

from backbone.rpc.caller import Call
from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition
from liandong.emergency.v1 import emergency_service_pb2 as pb
from services.emergency import codec
from services.emergency.acting import may_do
from tests.unit.emergency.missions import DISPATCH, NOW, WITHDRAW, after

LEADER = Call(Actor("lee", "990101-fire", "team_leader", "990101"), uuid4(), NOW, team="fire-1")


def test_a_team_that_was_recalled_confirms_and_does_not_go() -> None:
    ordered, recalled = after(DISPATCH), after(DISPATCH, WITHDRAW)
    assert {"AcknowledgeMission", "ReportEnRoute", "RefuseMission"} <= {*may_do(ordered, LEADER)}
    assert may_do(recalled, LEADER) == ["ReceiveMission", "ConfirmRecall"]
    with pytest.raises(InvalidTransition, match="RECALLED_MEANWHILE"):
        codec.answer_of(pb.ReportEnRouteRequest(), recalled)
    for heard in (pb.ReceiveMissionRequest(), pb.ConfirmRecallRequest()):
        codec.answer_of(heard, recalled)

"""A team that was called back with a void stays so when the void is undone: the desk is told."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from backbone.words.actor import Actor
from services.emergency.alerts import _reason
from services.emergency.mission.ladder import StopLadder
from services.emergency.mission.recalling import (
    ConfirmRecall,
    RecallMission,
    ReopenMatter,
    WithdrawMission,
)
from services.emergency.mission.record import Cause, State
from services.emergency.mission.table import alert_time
from tests.unit.emergency.missions import DISPATCH, LEE, MATTER, NOW, WITHDRAW, after, decide

REOPEN = ReopenMatter(MATTER)
SEEN = StopLadder(Actor("zhao", "desk", "dispatcher"), "", "另派队伍")


def test_the_matter_stands_in_the_inbox_at_once_and_the_recall_stays() -> None:
    """One that is not confirmed yet is told as such: the team may still be under way."""
    mission = after(DISPATCH, WITHDRAW, REOPEN)
    assert (mission.state, alert_time(mission)) == (State.RECALLED, NOW)
    assert _reason(mission) == "RECALL_UNCONFIRMED"
    heard = after(ConfirmRecall(LEE), start=mission)
    assert (alert_time(heard), _reason(heard)) == (NOW, "MATTER_REOPENED")
    again = after(DISPATCH, WITHDRAW, ConfirmRecall(LEE), REOPEN)
    assert (alert_time(again), _reason(again)) == (NOW, "MATTER_REOPENED")


def test_a_word_of_the_desk_ends_it_and_so_does_another_end() -> None:
    mission = after(DISPATCH, WITHDRAW, ConfirmRecall(LEE), REOPEN)
    assert alert_time(after(SEEN, start=mission)) is None
    over = after(WITHDRAW, start=mission)
    assert alert_time(over) is None
    assert alert_time(after(REOPEN, start=over)) == NOW


@pytest.mark.parametrize("cause", Cause)
def test_only_what_was_undone_is_open_again(cause: Cause) -> None:
    recall = replace(WITHDRAW.recall, cause=cause)
    mission = after(DISPATCH, WithdrawMission(recall))
    told = bool(decide(mission, REOPEN, NOW))
    assert told == (cause in (Cause.INCIDENT_VOIDED, Cause.RECEIPT_INVALID))


def test_no_other_mission_hears_of_it() -> None:
    called = RecallMission(Actor("zhao", "desk", "call_taker"), "已自行扑灭")
    for mission in (after(DISPATCH), after(DISPATCH, called)):
        assert not decide(mission, REOPEN, NOW)
    voided = after(DISPATCH, WITHDRAW)
    assert not decide(voided, ReopenMatter(UUID(int=8)), NOW)
    assert not decide(after(REOPEN, start=voided), REOPEN, NOW), "it is told once"

"""Missions 出警任务: their whole life cycle, joined from the use-case files beside it. Pure."""

from typing import Any

from backbone.life_cycle import Also, LifeCycle
from backbone.words.field_rights import EMERGENCY
from services.emergency.mission import (
    correcting,
    dispatching,
    hiding,
    joining,
    ladder,
    left,
    recalling,
    repeats,
    steps,
)
from services.emergency.mission.record import Mission


def _require_known(mission: Mission, command: Any) -> None:
    """Check the scope of people; desk orders, events and clocks come from the system itself."""
    if isinstance(command, steps.Step | recalling.ConfirmRecall):
        steps.require_known(mission, command.by)
    if isinstance(command, ladder.StopLadder):
        ladder.require_in_sight(mission, command)
    if isinstance(command, recalling.RecallMission):
        recalling.require_may_see(mission, command.by)


MISSIONS: LifeCycle[Mission, Also] = LifeCycle(
    (dispatching, steps, repeats, correcting, hiding, recalling, joining, ladder, left),
    "NO_SUCH_MISSION",
    guard=_require_known,
    rights=EMERGENCY,
    finish=ladder.keep_in_step,
)

"""Missions 出警任务: their whole life cycle, joined from the use-case files beside it. Pure."""

from typing import Any

from backbone.life_cycle import Also, LifeCycle
from services.emergency.mission import dispatching, ladder, repeats, steps
from services.emergency.mission.record import Mission


def _require_known(mission: Mission, command: Any) -> None:
    """Check the scope of a crew's step; desk orders and clocks come from the system itself."""
    if isinstance(command, steps.Step):
        steps.require_known(mission, command.by)
    if isinstance(command, ladder.StopLadder):
        ladder.require_in_sight(mission, command)


MISSIONS: LifeCycle[Mission, Also] = LifeCycle(
    (dispatching, steps, repeats, ladder),
    "NO_SUCH_MISSION",
    guard=_require_known,
    finish=ladder.keep_in_step,
)

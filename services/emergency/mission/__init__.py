"""Missions 指令: their whole life cycle; the files beside it say what each verb means. Pure."""

from typing import Any

from backbone.life_cycle import Also, LifeCycle
from services.emergency.mission import dispatching, repeats, steps
from services.emergency.mission.record import Mission


def _require_known(mission: Mission, command: Any) -> None:
    """Steps are a crew's; orders of desks and the clock come from inside."""
    if isinstance(command, steps.Step):
        steps.require_known(mission, command.by)


MISSIONS: LifeCycle[Mission, Also] = LifeCycle(
    (dispatching, steps, repeats), "NO_SUCH_MISSION", guard=_require_known
)

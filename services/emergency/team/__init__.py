"""The status of a team: available, resting or out of service. It has no life cycle states."""

from backbone.life_cycle import Also, LifeCycle
from backbone.words.field_rights import EMERGENCY
from services.emergency.team import status
from services.emergency.team.status import TeamStatus, require_may_set_again

STATUSES: LifeCycle[TeamStatus, Also] = LifeCycle(
    (status,),
    "NO_SUCH_TEAM",
    guard=require_may_set_again,
    rights=EMERGENCY,
    state_of=lambda status: "ANY",
)

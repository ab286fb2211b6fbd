"""Disputes 矛盾纠纷: their whole life cycle, joined from the use-case files beside it. Pure."""

from typing import Any

from backbone.life_cycle import LifeCycle
from backbone.words.city import City
from backbone.words.errors import NotFound
from backbone.words.followed import FollowCaller, FollowIncident
from backbone.words.rights import OF_DISPUTES
from services.dispute.dispute import acceptance, mediation, pairs, parties, registration, routing
from services.dispute.dispute.record import Dispute, may_see


def _require_sight(dispute: Dispute, command: Any) -> None:
    """Raises NotFound for an actor outside its scope; events of others have no actor."""
    if not isinstance(command, FollowIncident | FollowCaller) and not may_see(dispute, command.by):
        raise NotFound("NO_SUCH_DISPUTE")


DISPUTES: LifeCycle[Dispute, City] = LifeCycle(
    (registration, acceptance, parties, routing, mediation, pairs),
    "NO_SUCH_DISPUTE",
    guard=_require_sight,
    rights=OF_DISPUTES,
)

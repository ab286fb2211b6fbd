"""Petitions 信访件: their whole life cycle, joined from the use-case files beside it. Pure."""

from typing import Any

from backbone.life_cycle import LifeCycle
from backbone.words.city import City
from backbone.words.errors import NotFound
from backbone.words.followed import FollowCaller, FollowIncident
from backbone.words.rights import OF_PETITIONS
from services.petition.petition import (
    acceptance,
    amending,
    correcting,
    disclosure,
    handling,
    pairs,
    registration,
    reissuing,
    routing,
)
from services.petition.petition.record import Petition, may_see


def _require_sight(petition: Petition, command: Any) -> None:
    """Raises NotFound for an actor outside its scope; events of others have no actor."""
    if not isinstance(command, FollowIncident | FollowCaller) and not may_see(petition, command.by):
        raise NotFound("NO_SUCH_PETITION")


PETITIONS: LifeCycle[Petition, City] = LifeCycle(
    (
        registration,
        amending,
        correcting,
        acceptance,
        routing,
        handling,
        disclosure,
        reissuing,
        pairs,
    ),
    "NO_SUCH_PETITION",
    guard=_require_sight,
    rights=OF_PETITIONS,
)

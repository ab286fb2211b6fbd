"""How many one person holds: a cap stops hoarding. Asked of the table only as often as needed."""

from backbone.directory.replica import Replica
from backbone.postgres.pool import Pool
from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition
from services.workflow import storage


class Hands:
    """Whoever was counted may take half of what is left before being counted again.

    Half, so that two fronts together stay below the cap. Close to it every claim is counted, far
    from it hardly any, and the way that everybody waits on is a trip shorter.
    """

    def __init__(self, pool: Pool, replica: Replica) -> None:
        self._pool = pool
        self._replica = replica
        self._left: dict[tuple[str, str], int] = {}

    async def require_free(self, actor: Actor) -> None:
        """Raises InvalidTransition for whoever holds as many as one may."""
        policy = self._replica.city.policy
        who = actor.unit, actor.user
        if policy is None:
            return
        if self._left.get(who, 0) > 0:
            self._left[who] -= 1
            return
        held = await self._pool.fetchval(storage.HELD, *who)
        if held >= policy.claim_cap:
            raise InvalidTransition("TOO_MANY_HELD", held=held, cap=policy.claim_cap)
        # Less the claim that is counted for: it is not in the table yet.
        self._left[who] = (policy.claim_cap - held) // 2 - 1

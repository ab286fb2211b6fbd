"""Taking the next 取件: a clerk claims the most urgent incident of the unit's pool."""

from dataclasses import replace
from itertools import count
from uuid import UUID, uuid5

from backbone.door.door import Door
from backbone.door.outcomes import Outcome
from backbone.postgres.pool import Pool
from backbone.rpc.caller import Call
from backbone.words.errors import NotFound
from liandong.incident.v1 import incident_service_pb2 as pb
from services.workflow import codec, storage
from services.workflow.roads import Roads

LOST = frozenset({"ALREADY_CLAIMED", "INVALID_TRANSITION", "NOT_YOUR_UNIT"})


class Taking:
    """Pick and claim until a claim succeeds; a lost race leads to the next incident.

    Each try has its own request id, derived from that of the call, so that a repeat of the call
    finds the try that won.
    """

    def __init__(self, pool: Pool, door: Door, roads: Roads, key: bytes) -> None:
        self._pool = pool
        self._door = door
        self._roads = roads
        self._key = key

    async def take(self, caller: Call) -> Outcome:
        """Return the outcome of the claim. Raises NotFound if the pool is empty."""
        lost: list[UUID] = []
        for number in count():
            attempt = replace(caller, request_id=uuid5(caller.request_id, f"take-{number}"))
            outcome = await self._try(attempt, lost)
            if outcome.reason not in LOST:
                return outcome
            lost.append(outcome.aggregate_id)
        raise AssertionError("a count never ends")

    async def _try(self, caller: Call, lost: list[UUID]) -> Outcome:
        """Claim the incident that this try claimed before, else the most urgent of the pool."""
        known = await self._door.find([caller.request_id])
        actor = caller.actor
        chosen = known[0].aggregate_id if known else await storage.next_of(self._pool, actor, lost)
        if chosen is None:
            raise NotFound("POOL_EMPTY", unit=actor.unit)
        claim = pb.ClaimIncidentRequest(incident_id=str(chosen))
        return await self._roads.directly(codec.request_of(caller, claim, self._key))

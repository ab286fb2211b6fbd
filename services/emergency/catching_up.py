"""Gives a mission that has joined an incident the incident's facts, or its end.

They are asked for once the join is written: every later event of the incident finds the mission. A
mission that is behind stays so until workflow has answered, also if this process dies.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid5

import grpc

from backbone.directory.replica import Replica
from backbone.door.batcher import Batcher
from backbone.door.request import Request
from backbone.door.timers import NEVER
from backbone.postgres.pool import Pool, is_transient
from backbone.process.pulse import Pulse
from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.spread import open_shared
from backbone.words.actor import SERVICE, Actor
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.incident.v1.incident_pb2 import Incident
from services.emergency import codec, storage
from services.emergency.consumers import ENDS
from services.emergency.mission.recalling import WithdrawMission
from services.emergency.mission.record import Heard, Recall

log = logging.getLogger(__name__)

PAUSE = 0.2
PATIENCE = 1.0
# Seconds until a mission whose incident was not found is tried again, and at most.
FIRST_REST, LONGEST_REST = 1.0, 60.0
INSIDE = Actor("", "", SERVICE)

Find = Callable[[UUID], Awaitable[Incident | None]]


def finder(settings: Settings) -> Find:
    """Asks workflow for an incident; None while it does not answer, or knows none."""
    stub = rpc.IncidentServiceStub(open_shared(settings, "workflow"))
    metadata = metadata_for(settings.token, INSIDE)

    async def find(incident: UUID) -> Incident | None:
        request = pb.GetIncidentRequest(incident_id=str(incident))
        try:
            response = await stub.GetIncident(request, timeout=PATIENCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            said = {"incident": incident, "error": error.details()}
            log.info("incident.unheard", extra=said)
            return None
        found: Incident = response.incident
        return found

    return find


class CatchingUp:
    """Looks for missions that are behind, for ever."""

    def __init__(self, pool: Pool, batcher: Batcher[Any], replica: Replica, find: Find) -> None:
        self._pool = pool
        self._batcher = batcher
        self._replica = replica
        self._find = find
        self._resting: dict[UUID, tuple[float, float]] = {}

    async def run(self, pulse: Pulse) -> None:
        await self._replica.wait()
        while True:
            pulse.beat("catching up")
            try:
                await self._look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("catching_up.away", extra={"error": str(error)})
            await asyncio.sleep(PAUSE)

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        resting = [of for of, (until, _) in self._resting.items() if until > now]
        rows = await self._pool.fetch(storage.BEHIND, resting)
        still = {row["id"] for row in rows} | set(resting)
        self._resting = {of: each for of, each in self._resting.items() if of in still}
        for row in rows:
            incident = await self._find(row["matter_id"])
            if incident is None:
                _, rest = self._resting.get(row["id"], (0.0, FIRST_REST / 2))
                rest = min(2 * rest, LONGEST_REST)
                self._resting[row["id"]] = now + rest, rest
                continue
            await self._batcher.submit(self._request(row, incident))

    def _request(self, row: Any, incident: Incident) -> Request[Any]:
        """The facts as they are now, or the end of an incident that is over."""
        state = Incident.State.Name(incident.state).removeprefix("STATE_")
        heard = Heard(incident=incident.version)
        command: Any = codec.to_revision(incident, self._replica.city, heard)
        if cause := ENDS.get(state):
            command = WithdrawMission(Recall(cause, "", row["now"], "", incident.unit))
        return Request(
            request_id=uuid5(row["id"], f"catch up {row['version']} {incident.version}"),
            aggregate_id=row["id"],
            command=command,
            body_hash="",
            actor=INSIDE,
            deadline=NEVER,
        )

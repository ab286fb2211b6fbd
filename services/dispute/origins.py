"""Tells incidents of before that they were born of petitions.

An incident that was opened before matters inherited who may know of them is known to the 110 desk,
though its dispute comes from a petition. `untold_origins` holds these disputes since a migration,
and never gets another one: each is told once, and its column put right.
"""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID, uuid5

import grpc

from backbone.door.decider import Decider
from backbone.door.rows import RowsOf
from backbone.intake.settling import BORN_OF_PETITION, settling_of
from backbone.postgres.pool import is_transient
from backbone.postgres.states import with_proof
from backbone.process.pulse import Pulse
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import may_still_happen
from backbone.rpc.spread import open_shared
from backbone.shell.shell import Shell
from backbone.words.actor import SERVICE, Actor
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from services.dispute.dispute.record import Dispute, origin_of

log = logging.getLogger(__name__)

PATIENCE, PAUSE = 1.0, 30.0
LOOP = "untold origins"
UNTOLD = f"""
SELECT {with_proof("d")} FROM untold_origins AS o JOIN disputes AS d USING (id)
WHERE id > $1 ORDER BY id LIMIT 100
"""  # noqa: S608  # our names
# Only that version: a later one has written its columns itself.
PUT_RIGHT = "UPDATE disputes SET source = $3 WHERE id = $1 AND version = $2 AND source <> $3"
TOLD = "DELETE FROM untold_origins WHERE id = $1"


class Origins:
    """Works off the list, again and again until it is empty."""

    def __init__(self, shell: Shell, decider: Decider[Dispute]) -> None:
        self._pool, self._decider = shell.pool, decider
        self._rows: RowsOf = shell.rows.of(decider)
        self._token = shell.settings.token
        self._stub = rpc.IncidentServiceStub(open_shared(shell.settings, "workflow"))

    async def run(self, pulse: Pulse) -> None:
        async for _ in pulse.rounds(LOOP, PAUSE):
            try:
                if await self.tell(lambda: pulse.beat(LOOP)) == 0:
                    break
            except Exception as error:
                if not is_transient(error):
                    raise
        pulse.ended(LOOP)
        await asyncio.Event().wait()

    async def tell(self, beat: Callable[[], None] = lambda: None) -> int:
        """Tell all that are left; return how many stay, as workflow did not answer or has not
        opened them yet."""
        last, left = UUID(int=0), 0
        while rows := await self._pool.fetch(UNTOLD, last):
            last = UUID(str(rows[-1]["id"]))
            left += len(rows)
            for proven in await self._rows.sound(rows):
                beat()
                if await self._tell(self._decider.from_row(proven)):
                    await self._pool.execute(TOLD, proven["id"])
                    left -= 1
        return left

    async def _tell(self, dispute: Dispute) -> bool:
        """Tell of the dispute; return whether nothing more is to be told of it."""
        source = self._decider.table.row_of(dispute)["source"]
        await self._pool.execute(PUT_RIGHT, dispute.id, dispute.version, source)
        if dispute.routing.incident is None or not origin_of(dispute.filing):
            return True
        request_id = str(uuid5(dispute.id, BORN_OF_PETITION))
        actor = Actor(user="", unit=dispute.desk, role=SERVICE)
        metadata = metadata_for(self._token, actor, request_id=request_id)
        request = settling_of(str(dispute.id), BORN_OF_PETITION)
        try:
            await self._stub.SettleIncident(request, timeout=PATIENCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            said = {"incident": str(dispute.id), "error": error.details()}
            log.warning("origin.untold", extra=said)
            return not may_still_happen(error)
        return True

"""Tells the incident what its receipts have corrected, and which receipts are linked to it."""

import logging
from typing import Any
from uuid import UUID

import grpc

from backbone.door.decider import Decider
from backbone.intake.correcting import Request, Telling
from backbone.postgres.pool import Pool
from backbone.process.settings import Settings
from backbone.rpc.caller import Call
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.errors import InvalidTransition, Refusal
from backbone.words.followed import OVER
from liandong.incident.v1.incident_pb2 import Incident
from services.alarm import codec, storage
from services.alarm.peers import Incidents
from services.alarm.receipt.record import DangerSuggestion, Outcome, Receipt

log = logging.getLogger(__name__)

GLANCE = 0.3


class Told:
    """The incident's side of a change of a receipt: looked at before it, told after it."""

    def __init__(self, shell: Shell, decider: Decider[Receipt], incidents: Incidents) -> None:
        settings: Settings = shell.settings
        self._pool: Pool = shell.pool
        self._rows = shell.rows.of(decider)
        self._find = shell.door.find
        self._decider = decider
        self._incidents = incidents
        self._telling = Telling(settings)

    async def found(self, receipt_id: UUID) -> Receipt | None:
        row = await storage.one(self._rows, receipt_id)
        return self._decider.from_row(row) if row else None

    async def require_open(self, receipt_id: UUID, call: Call) -> None:
        """Raises INCIDENT_OVER if the incident has ended and the receipt has not heard of it yet.

        A repeated request passes: its first answer is known. While workflow is away, the desk is
        not kept waiting: should the incident be over, the answer to the correction says so.
        """
        receipt = await self.found(receipt_id)
        if receipt is None or receipt.incident is None or await self._find([call.request_id]):
            return
        incident = await self.glance(receipt.incident.id, call.actor)
        state = Incident.State.Name(incident.state).removeprefix("STATE_") if incident else ""
        if state in OVER:
            raise InvalidTransition("INCIDENT_OVER", incident=receipt.incident.code, state=state)

    async def heard(self, receipt_id: UUID) -> DangerSuggestion | None:
        """The most urgent danger that the receipts of the same incident have told of."""
        receipt = await self.found(receipt_id)
        if receipt is None or receipt.incident is None:
            return None
        ids = await storage.followers(self._pool, receipt.incident.id)
        found = [await self.found(each) for each in ids]
        dangers = [each.suggestions.danger for each in found if each]
        return min(filter(None, dangers), key=lambda each: each.priority, default=None)

    async def standing(self, receipt_id: UUID, by: Actor) -> str:
        """The present priority of the receipt's incident; empty if it is not known."""
        receipt = await self.found(receipt_id)
        if receipt is None or receipt.incident is None:
            return ""
        incident = await self.glance(receipt.incident.id, by)
        return incident.priority if incident else receipt.incident.known.priority

    async def facts(self, receipt: Receipt | None, by: Actor) -> dict[str, Any]:
        """The present facts of the incident for an order; none where the receipt's must do."""
        if receipt is None or receipt.incident is None:
            return {}
        incident = await self.glance(receipt.incident.id, by)
        return codec.ordered_by(incident) if incident else {}

    async def glance(self, incident_id: UUID, by: Actor) -> Incident | None:
        try:
            return await self._incidents.find(incident_id, by, GLANCE)
        except grpc.aio.AioRpcError as error:
            log.info("incident.unheard", extra={"error": error.details()})
            return None

    async def amended(self, receipt: Receipt, by: Actor) -> Incident | None:
        """Tell the incident what this version of the receipt has corrected. Raises its refusal."""
        request = codec.to_amendment(receipt, by)
        return await self._telling.tell(request) if request else None

    async def linked(self, receipt: Receipt, by: Actor) -> None:
        if receipt.outcome is Outcome.LINKED:
            await self._tell_of_link(codec.to_link(receipt, by))

    async def unlinked(self, before: Receipt | None, after: Receipt, by: Actor) -> None:
        """A repeat finds no link any more; the first call has told of it, or the event does."""
        if before is not None and before.incident is not None and after.incident is None:
            await self._tell_of_link(codec.to_unlink(before, after.version, by))

    async def _tell_of_link(self, request: Request) -> Any:
        """The receipt's link stands, whatever the incident answers: it is only told of it."""
        try:
            return await self._telling.tell(request)
        except Refusal as refusal:
            log.warning("link.refused", extra={"reason": refusal.reason})
            return None

"""Tells the incident what its receipts have corrected, and which receipts are linked to it."""

import asyncio
import logging
from collections.abc import Iterable
from itertools import chain
from typing import Any
from uuid import UUID

import grpc
from msgspec.structs import replace

from backbone.door.decider import Decider
from backbone.intake.correcting import Request, Telling, told_by
from backbone.postgres.pool import Pool
from backbone.process.settings import Settings
from backbone.rpc.caller import Call
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.correction import AGAINST, PERSONS
from backbone.words.errors import InvalidTransition, Refusal
from backbone.words.followed import VOIDED
from backbone.words.heard import together
from liandong.alarm.v1.alarm_events_pb2 import AlarmEvent
from liandong.incident.v1.incident_pb2 import Incident
from liandong.incident.v1.incident_service_pb2 import ReadIncidentResponse, UnlinkCallerRequest
from services.alarm import codec, storage
from services.alarm.peers import GLANCE, Incidents
from services.alarm.receipt.linking import UnlinkRepeat
from services.alarm.receipt.record import Outcome, Receipt
from services.alarm.receipt.suggested import DangerSuggestion

log = logging.getLogger(__name__)


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

    async def is_known(self, call: Call) -> bool:
        """Whether the request was answered before."""
        return bool(await self._find([call.request_id]))

    async def heard(self, receipt_id: UUID) -> DangerSuggestion | None:
        """The dangers that the receipts of the same incident have told of."""
        receipt = await self.found(receipt_id)
        if receipt is None or receipt.incident is None:
            return None
        ids = await storage.followers(self._pool, receipt.incident.id)
        found = await storage.as_they_are(self._rows, ids)
        return together(each.suggestions.danger for each in found.values())

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

    async def glance(
        self, incident_id: UUID, by: Actor, patience: float = GLANCE
    ) -> Incident | None:
        """The incident; None for one that is not seen, or if workflow does not answer in time."""
        try:
            return await self._incidents.find(incident_id, by, patience)
        except grpc.aio.AioRpcError as error:
            log.info("incident.unheard", extra={"error": error.details()})
            return None

    async def read(self, incident_id: UUID) -> ReadIncidentResponse | None:
        """The incident and whom it accuses, for the service itself; None as for a glance."""
        try:
            return await self._incidents.read(incident_id)
        except grpc.aio.AioRpcError as error:
            log.info("incident.unheard", extra={"error": error.details()})
            return None

    async def seen(self, incident_id: UUID, by: Actor) -> codec.Seen | None:
        """Ask the workflow service for the incident; while it does not answer, tell what a receipt
        in the caller's sight knows. The desk's copy alone would miss an end that it has not heard
        of yet.

        Priority and class then come from the receipt that opened the incident.
        """
        row = await storage.known_incident(self._rows, by, incident_id)
        receipt = self._decider.from_row(row) if row else None
        if receipt is not None and receipt.incident is not None:
            here = receipt.incident
            seen = await self.glance(incident_id, by)
            if seen is not None and seen.version >= here.known.version:
                return codec.to_seen(seen)
            told = codec.Seen(here.code, here.known)
            if receipt.id != incident_id:
                return told
            given = receipt.classification
            return replace(told, priority=given.priority, category=given.category)
        found = await self._incidents.find(incident_id, by)
        return codec.to_seen(found) if found else None

    async def amended(self, receipt: Receipt, by: Actor) -> Incident | None:
        """Tell the incident what this version of the receipt has corrected, and those that it has
        left whom to name no more. Raises the incident's refusal: one that is void keeps what has
        crossed its end for the case that this is undone, and is over for the desk."""
        for each in codec.to_protections(receipt, by):
            await self._tell_of_link(each)
        request = codec.to_amendment(receipt, by)
        if request is None:
            return None
        incident = await self._telling.tell(request)
        if incident is None or codec.to_followed(incident).state != VOIDED:
            return incident
        said = request.correction
        now = {each.fact for each in said.facts if each.version == said.version}
        if now - {AGAINST, PERSONS}:
            raise InvalidTransition("INCIDENT_OVER", incident=incident.code, state=VOIDED)
        return incident

    async def linked(self, receipt: Receipt, by: Actor) -> None:
        if receipt.outcome is Outcome.LINKED:
            await self._tell_of_link(codec.to_link(receipt, by))

    async def leaving(self, receipt: Receipt | None, command: UnlinkRepeat) -> UnlinkRepeat:
        """The command with the protected callers of the incident that the receipt leaves."""
        if receipt is None or receipt.incident is None:
            return command
        found = await storage.protected_of(self._rows, {receipt.incident.id})
        callers = [each.report.caller for each in found if each.id != receipt.id]
        called = chain.from_iterable(each.called for each in callers if each.protected)
        return replace(command, beside=tuple(dict.fromkeys(called)))

    async def unlinked(self, before: Receipt | None, after: Receipt, by: Actor) -> None:
        """A repeat finds no link any more; the first call has told of it, or the event does."""
        if before is not None and before.incident is not None and after.incident is None:
            asked = codec.to_unlinks(before, after.version, by)
            await asyncio.gather(*map(self._tell_of_link, asked))

    async def moved(self, moved: Iterable[tuple[UUID, UUID]], *, left: bool) -> None:
        """Tell of receipts, each with the request that has moved it: the incident that they have
        `left`, or else the one that they have joined. None waits for the answer about another."""
        asked = []
        for receipt_id, request_id in moved:
            rows = await self._pool.fetch(storage.MOVED, receipt_id, request_id)
            moves = (AlarmEvent.FromString(row["payload"]).moved for row in rows)
            told = chain.from_iterable(map(told_by, moves))
            asked += [each for each in told if isinstance(each, UnlinkCallerRequest) is left]
        await asyncio.gather(*map(self._tell_of_link, asked))

    async def _tell_of_link(self, request: Request) -> Any:
        """The receipt's link stands, whatever the incident answers: it is only told of it."""
        try:
            return await self._telling.tell(request)
        except Refusal as refusal:
            log.warning("link.refused", extra={"reason": refusal.reason})
            return None

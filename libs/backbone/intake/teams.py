"""Tells the emergency service of a change that its missions must hear, at once and without Kafka.

What is told are the events themselves, as the journal holds them. They come over Kafka as well: a
call that fails is repeated, and in the end the topic has told the same.
"""

import logging
from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid5

import grpc

from backbone.postgres.pool import Pool
from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import may_still_happen
from backbone.rpc.retrying import Retrier
from backbone.rpc.shared_client import open_shared
from backbone.words.actor import SERVICE, Actor
from liandong.emergency.v1 import hearing_service_pb2 as pb
from liandong.emergency.v1 import hearing_service_pb2_grpc as rpc

log = logging.getLogger(__name__)

# A person waits for the answer behind it; the repeats are patient.
PATIENCE, LATER = 0.3, 2.0
INSIDE = Actor("", "", SERVICE)
MADE = """
SELECT payload FROM journal WHERE aggregate_id = $1 AND request_id = $2 AND kind = ANY($3)
ORDER BY version
"""

# What the missions of a receipt follow beside its orders, and those of an incident.
RECEIPT = (
    "amended",
    "classified",
    "marked_invalid",
    "closed",
    "answered",
    "passed",
    "passed_to_petitions",
    "mediation_referred",
    "ticket_filed",
    "repeat_linked",
    "repeat_unlinked",
)
INCIDENT = ("amended", "voided", "closed")

Request = pb.HearReceiptRequest | pb.HearIncidentRequest


class Teams:
    """Tells of the events of these kinds, which are those of the journal."""

    def __init__(
        self, settings: Settings, pool: Pool, request: type[Request], kinds: Collection[str]
    ) -> None:
        self._token = settings.token
        self._pool = pool
        self._request = request
        self._kinds = list(kinds)
        stub: Any = rpc.HearingServiceStub(open_shared(settings, "emergency"))
        self._call_of = getattr(stub, request.DESCRIPTOR.name.removesuffix("Request"))
        self._retrier = Retrier()

    async def tell(self, aggregate_id: UUID, request_id: UUID) -> None:
        """Tell what this request has written. It does not fail."""
        rows = await self._pool.fetch(MADE, aggregate_id, request_id, self._kinds)
        if not rows:
            return
        request = self._request(events=[row["payload"] for row in rows])
        try:
            await self._call(request, PATIENCE)
        except grpc.aio.AioRpcError as error:
            said = {"aggregate": aggregate_id, "error": error.details()}
            log.warning("teams.unheard", extra=said)
            if may_still_happen(error):
                again = uuid5(request_id, "teams")
                self._retrier.schedule(again, lambda: self._call(request, LATER))

    async def _call(self, request: Request, patience: float) -> None:
        metadata = metadata_for(self._token, INSIDE)
        await self._call_of(request, timeout=patience, metadata=metadata)


def of_receipts(settings: Settings, pool: Pool) -> Teams:
    kinds = [f"liandong.alarm.{name}.v1" for name in RECEIPT]
    return Teams(settings, pool, pb.HearReceiptRequest, kinds)


def of_incidents(settings: Settings, pool: Pool) -> Teams:
    kinds = [f"liandong.incident.{name}.v1" for name in INCIDENT]
    return Teams(settings, pool, pb.HearIncidentRequest, kinds)

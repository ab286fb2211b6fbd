"""Calls the desk's service after a merge and after an undone merge or void, before the answer.

The receipts have moved or are open again when the person reads the answer, also without Kafka.
"""

import logging
from uuid import UUID

import grpc

from backbone.postgres.pool import Pool
from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import SERVICE, Actor
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.alarm.v1 import alarm_service_pb2_grpc as rpc

log = logging.getLogger(__name__)

STEPS = frozenset({"MergeIncidentRequest", "UndoMergeRequest", "UndoVoidRequest"})
# A person waits behind it, and the receipts may be many: those that are left follow over Kafka.
PATIENCE = 1.0
INSIDE = Actor("", "", SERVICE)
MADE = """
SELECT payload FROM journal WHERE aggregate_id = $1 AND request_id = $2
AND kind IN ('liandong.incident.merged.v1', 'liandong.incident.reinstated.v1') ORDER BY version
"""


class Moving:
    """Carries the events themselves, as the journal holds them; they come over Kafka as well."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._token, self._pool = settings.token, pool
        self._stub = rpc.AlarmServiceStub(open_channel(settings, "alarm"))

    async def tell(self, incident_id: UUID, request_id: UUID) -> None:
        """Tell what this request has written. It does not fail."""
        rows = await self._pool.fetch(MADE, incident_id, request_id)
        if not rows:
            return
        request = pb.HearMergeRequest(events=[row["payload"] for row in rows])
        metadata = metadata_for(self._token, INSIDE)
        try:
            await self._stub.HearMerge(request, timeout=PATIENCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("desk.unheard", extra={"error": error.details()})

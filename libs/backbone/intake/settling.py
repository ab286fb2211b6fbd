"""Moves the incident of an intake's record with it: at once by gRPC call, and in any case by event.

The call follows the intake's own commit and may fail: the record's event asks for the same with the
same request id, and the stream processor performs it.
"""

import logging
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import grpc

from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import may_still_happen
from backbone.rpc.retrying import Retrier
from backbone.rpc.spread import open_shared
from backbone.words.actor import Actor
from backbone.words.followed import Followed
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc

log = logging.getLogger(__name__)

PATIENCE = 1.0
# The step of a record of before, whose incident does not know that it comes from a petition.
BORN_OF_PETITION = "BornOfPetition"


def settling_id(incident_id: UUID, version: int) -> UUID:
    """The request id, of the version of the record that its event has made."""
    return uuid5(incident_id, f"settle/{version}")


def settling_of(incident_id: str, step: str) -> pb.SettleIncidentRequest:
    return pb.SettleIncidentRequest(incident_id=incident_id, step=step)


class Settlings:
    """Tells the workflow service what happened to the record of an incident."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = rpc.IncidentServiceStub(open_shared(settings, "workflow"))
        self._retrier = Retrier()

    async def settle(self, record: Any, incident: Followed | None, step: str, by: Actor) -> None:
        """Move the incident with the record; one that is not open yet is moved by the event alone,
        behind the event that opens it.
        """
        if incident is None:
            return
        metadata = metadata_for(
            self._token,
            Actor(by.user, by.unit, "service"),
            request_id=str(settling_id(record.id, record.version)),
        )
        request = settling_of(str(record.id), step)
        try:
            await self._stub.SettleIncident(request, timeout=PATIENCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            said = {"incident": str(record.id), "error": error.details()}
            log.warning("settling.pending", extra=said)
            if may_still_happen(error):
                again = partial(
                    self._stub.SettleIncident, request, timeout=PATIENCE, metadata=metadata
                )
                self._retrier.schedule(settling_id(record.id, record.version), again)

"""Opens the incident of an intake's matter: at once by gRPC call, and in any case by event.

The call follows the intake's own commit and may fail: the intake's event carries the same matter,
and the stream processor opens it with the same request id. The call is repeated until workflow
answers.
"""

import logging
from uuid import UUID, uuid5

import grpc

from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import may_still_happen
from backbone.rpc.retrying import Retrier
from backbone.rpc.spread import open_shared
from backbone.words.actor import SERVICE, Actor
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.incident.v1.incident_pb2 import Incident, Matter

log = logging.getLogger(__name__)

PATIENCE = 1.0


def opening_id(matter_id: UUID) -> UUID:
    """The request id of the opening, the same for the call and for the event."""
    return uuid5(matter_id, "open")


def desk_actor(matter: Matter) -> Actor:
    """The actor of the opening: the desk that took the matter, not the person."""
    return Actor(user="", unit=matter.desk, role=SERVICE)


class Openings:
    """Asks the workflow service to open incidents."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = rpc.IncidentServiceStub(open_shared(settings, "workflow"))
        self._retrier = Retrier()

    async def open(self, matter: Matter) -> Incident | None:
        """Return the incident, or None if workflow did not answer; the call is then repeated."""
        try:
            return await self._call(matter)
        except grpc.aio.AioRpcError as error:
            log.warning("opening.pending", extra={"matter": matter.id, "error": error.details()})
            if may_still_happen(error):
                self._retrier.schedule(UUID(matter.id), lambda: self._call(matter))
            return None

    async def _call(self, matter: Matter) -> Incident:
        request_id = str(opening_id(UUID(matter.id)))
        metadata = metadata_for(self._token, desk_actor(matter), request_id=request_id)
        response = await self._stub.OpenIncident(
            pb.OpenIncidentRequest(matter=matter), timeout=PATIENCE, metadata=metadata
        )
        incident: Incident = response.incident
        return incident

"""Urges the incident of an intake's matter for a citizen who has shown its code and PIN."""

from uuid import UUID, uuid5

import grpc

from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import refusal_of
from backbone.rpc.spread import open_shared
from backbone.words.actor import Actor
from backbone.words.roles import CITIZEN
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc

PATIENCE = 3.0


class Urging:
    """Asks the workflow service to urge incidents."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = rpc.IncidentServiceStub(open_shared(settings, "workflow"))

    async def urge(self, matter_id: UUID, desk: str, call_id: UUID) -> None:
        """Urge on behalf of a citizen, whose request has the id `call_id`.

        The request id also derives from the matter: two citizens may choose the same key. Raises
        the refusal of the workflow service, else only transient errors.
        """
        request_id = str(uuid5(call_id, f"urge {matter_id}"))
        metadata = metadata_for(self._token, Actor("", desk, CITIZEN), request_id=request_id)
        request = pb.UrgeIncidentRequest(incident_id=str(matter_id))
        try:
            await self._stub.UrgeIncident(request, timeout=PATIENCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            raise refusal from error

"""Tells the incident of corrections and of linked callers: at once by gRPC, in any case by event.

The call follows the receipt's own commit and may fail: the receipt's event carries the same
message, and the stream processor asks for the same with the same request id.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid5

import grpc

from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import may_still_happen, refusal_of
from backbone.rpc.retrying import Retrier
from backbone.rpc.spread import open_shared
from backbone.words.actor import SERVICE, Actor
from backbone.words.correction import PERSONS
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from liandong.incident.v1.incident_pb2 import CallerLink, Correction, Incident

log = logging.getLogger(__name__)

PATIENCE = 1.0
# A correction that changes nothing leaves the version of the one before, of another person.
TOLD_ALREADY = "IDEMPOTENCY_KEY_REUSED"

Request = pb.AmendMatterRequest | pb.LinkCallerRequest | pb.UnlinkCallerRequest
Said = Correction | CallerLink

# The request with which a record tells its incident, by the field of its event.
TOLD: dict[str, Callable[[Any], Request]] = {
    "correction": lambda said: pb.AmendMatterRequest(incident_id=said.matter.id, correction=said),
    "caller_linked": lambda said: pb.LinkCallerRequest(incident_id=said.incident_id, link=said),
    "caller_unlinked": lambda said: pb.UnlinkCallerRequest(incident_id=said.incident_id, link=said),
    "merged_unlinked": lambda said: pb.UnlinkCallerRequest(incident_id=said.incident_id, link=said),
}


def told_by(body: Any) -> Iterator[Request]:
    """What the event of a record with this body tells its incidents."""
    known = body.DESCRIPTOR.fields_by_name
    for field, ask in TOLD.items():
        if field in known and body.HasField(field):
            yield ask(getattr(body, field))
    for each in getattr(body, "protects", ()):
        yield TOLD["correction"](each)


def said_in(request: Request) -> Said:
    """The message that the request and the receipt's event have in common."""
    return request.correction if isinstance(request, pb.AmendMatterRequest) else request.link


def telling_id(request: Request) -> UUID:
    """The request id, the same for the call and the event: a version of a receipt tells once.

    Two kinds of message go to several incidents, and their ids name the incident: whom to name no
    more goes to each that the receipt has left, an unlink also to the one that was merged into the
    one that it leaves.
    """
    said = said_in(request)
    told = f"{type(request).__name__}/{said.version}"
    protects = isinstance(said, Correction) and {each.fact for each in said.facts} == {PERSONS}
    if protects or (isinstance(request, pb.UnlinkCallerRequest) and request.link.merged):
        told += f"/{request.incident_id}"
    return uuid5(UUID(said.receipt), told)


def teller(request: Request) -> Actor:
    """The person at the desk, in the role of the service: the receipt has checked the right."""
    said = said_in(request)
    return Actor(said.user, said.unit, SERVICE)


class Telling:
    """Asks the workflow service; it repeats a call until workflow answers."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = rpc.IncidentServiceStub(open_shared(settings, "workflow"))
        self._retrier = Retrier()

    async def tell(self, request: Request) -> Incident | None:
        """Return the incident, or None if workflow did not answer, or another person's request has
        told it of this version. Raises its refusal."""
        try:
            return await self._call(request)
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is not None and refusal.reason == TOLD_ALREADY:
                return None
            if refusal is not None and not may_still_happen(error):
                raise refusal from error
            said = {"incident": request.incident_id, "error": error.details()}
            log.warning("correction.pending", extra=said)
            self._retrier.schedule(telling_id(request), lambda: self._call(request))
            return None

    async def _call(self, request: Request) -> Incident:
        method = getattr(self._stub, request.DESCRIPTOR.name.removesuffix("Request"))
        metadata = metadata_for(self._token, teller(request), request_id=str(telling_id(request)))
        response = await method(request, timeout=PATIENCE, metadata=metadata)
        incident: Incident = response.incident
        return incident

"""Clients of the services that the desk calls: emergency (missions), workflow (incidents)."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

import grpc

from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import may_still_happen, open_channel, refusal_of
from backbone.rpc.retrying import Retrier
from backbone.rpc.spread import open_shared
from backbone.words.actor import Actor
from backbone.words.errors import NotFound, Refusal
from backbone.words.matter import ACCUSATION
from liandong.emergency.v1 import emergency_service_pb2 as missions
from liandong.emergency.v1 import emergency_service_pb2_grpc as emergency
from liandong.emergency.v1.emergency_pb2 import Mission, Order, TeamStatus
from liandong.incident.v1 import incident_service_pb2 as incidents
from liandong.incident.v1 import incident_service_pb2_grpc as workflow
from liandong.incident.v1.incident_pb2 import Incident
from services.alarm.metrics import DISPATCHES
from services.alarm.receipt.recommending import Standing

log = logging.getLogger(__name__)

# Called with a refusal that comes after the desk's answer.
Refused = Callable[[Refusal], Awaitable[object]]

PATIENCE = 2.0
# For facts that are shown beside an answer, or help to decide it.
GLANCE = 0.3
MOST = 100
INSIDE = Actor(user="", unit="", role="service")


def dispatch_id(receipt_id: UUID, order: Order) -> UUID:
    """The request id of an order; the call and the event of one order share it."""
    return uuid5(receipt_id, f"dispatch/{order.team}" + (f"/{order.again}" if order.again else ""))


class Missions:
    """Orders teams out by gRPC, without Kafka."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = emergency.EmergencyServiceStub(open_shared(settings, "emergency"))
        self._retrier = Retrier()

    async def dispatch(
        self, receipt_id: UUID, order: Order, by: Actor, late: Refused
    ) -> missions.DispatchMissionResponse | None:
        """Return the mission, or None if the outcome is unknown: the event delivers the order then.

        Raises the refusal of the emergency service; `late` is called with one that comes later.
        """
        request_id = dispatch_id(receipt_id, order)
        try:
            response = await self._call(request_id, order, by)
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is not None and not may_still_happen(error):
                DISPATCHES.labels("refused").inc()
                raise refusal from error
            log.warning("dispatch.pending", extra={"team": order.team, "error": error.details()})
            DISPATCHES.labels("pending").inc()
            self._retrier.schedule(request_id, lambda: self.settle(receipt_id, order, by, late))
            return None
        return response

    async def settle(self, receipt_id: UUID, order: Order, by: Actor, late: Refused) -> None:
        """Ask for the outcome of an order. Raises AioRpcError while it is unknown."""
        try:
            await self._call(dispatch_id(receipt_id, order), order, by)
        except grpc.aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is None or may_still_happen(error):
                raise
            DISPATCHES.labels("refused").inc()
            await late(refusal)

    async def of(self, receipt_id: UUID, patience: float = GLANCE) -> Sequence[Mission]:
        """The missions of a receipt's orders; none while the service cannot be asked.

        A reader of the receipt may see its orders, so the service asks in its own name.
        """
        request = missions.ListMissionsRequest(receipt=str(receipt_id), page_size=MOST)
        metadata = metadata_for(self._token, INSIDE)
        try:
            response = await self._stub.ListMissions(request, timeout=patience, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("missions.unheard", extra={"error": error.details()})
            return ()
        found: Sequence[Mission] = response.items
        return found

    async def under_way(self, matter_id: UUID) -> frozenset[str] | None:
        """The teams with an open mission of the matter; None while the service cannot be asked."""
        request = missions.ListMissionsRequest(matter_id=str(matter_id), open=True, page_size=MOST)
        metadata = metadata_for(self._token, INSIDE)
        try:
            response = await self._stub.ListMissions(request, timeout=GLANCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("missions.unheard", extra={"error": error.details()})
            return None
        return frozenset(each.team for each in response.items)

    async def is_served(self, matter_id: UUID, priority: str) -> bool:
        """Whether a team is under way for a matter of this urgency, or has done its work: as the
        inbox asks for it. False while the service cannot be asked."""
        request = missions.ListUnservedRequest(matter_ids=[str(matter_id)], priorities=[priority])
        metadata = metadata_for(self._token, INSIDE)
        try:
            answer = await self._stub.ListUnserved(request, timeout=GLANCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("missions.unheard", extra={"error": error.details()})
            return False
        return not answer.matter_ids

    async def _call(
        self, request_id: UUID, order: Order, by: Actor
    ) -> missions.DispatchMissionResponse:
        metadata = metadata_for(self._token, by, request_id=str(request_id))
        request = missions.DispatchMissionRequest(order=order)
        response: missions.DispatchMissionResponse = await self._stub.DispatchMission(
            request, timeout=PATIENCE, metadata=metadata
        )
        DISPATCHES.labels("delivered").inc()
        return response


class Teams:
    """Asks the emergency service how teams stand; its silence is an answer too."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = emergency.EmergencyServiceStub(open_channel(settings, "emergency"))

    async def standings(self, teams: Sequence[str], by: Actor) -> dict[str, Standing]:
        """By team; empty if the service does not answer at once: a caller waits for the opening."""
        request = missions.ListTeamStatusesRequest(teams=teams, page_size=len(teams))
        metadata = metadata_for(self._token, by)
        try:
            answer = await self._stub.ListTeamStatuses(request, timeout=GLANCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("teams.unheard", extra={"error": error.details()})
            return {}
        return {each.team: _standing(each) for each in answer.items}


def _standing(status: TeamStatus) -> Standing:
    duty = TeamStatus.Duty.Name(status.duty).removeprefix("DUTY_")
    there = status.on_duty if status.HasField("on_duty") else None
    return Standing(duty, status.terminals, status.open_missions, there)


class Incidents:
    """Looks up incidents that other services have opened."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        self._stub = workflow.IncidentServiceStub(open_channel(settings, "workflow"))

    async def find(
        self, incident_id: UUID, by: Actor, patience: float = PATIENCE
    ) -> Incident | None:
        """Return the incident, or None if the caller may not see it. Raises only transient errors.

        An accusation by a petitioner counts as unseen: a receipt linked to it would disclose it to
        every watcher over the area.
        """
        request = incidents.GetIncidentRequest(incident_id=str(incident_id))
        found = await self._answered(self._stub.GetIncident, request, by, patience)
        if found is None:
            return None
        incident: Incident = found.incident
        return (
            None if (incident.source, incident.category) == ("PETITION", ACCUSATION) else incident
        )

    async def read(self, incident_id: UUID) -> incidents.ReadIncidentResponse | None:
        """The incident, and whom it accuses: for the service itself, not for a person. None if
        there is none. Raises only transient errors."""
        request = incidents.ReadIncidentRequest(incident_id=str(incident_id))
        found: incidents.ReadIncidentResponse | None = await self._answered(
            self._stub.ReadIncident, request, INSIDE, GLANCE
        )
        return found

    async def _answered(self, method: Any, request: Any, by: Actor, patience: float) -> Any:
        """The answer of workflow; None if there is no such incident for the caller."""
        metadata = metadata_for(self._token, by)
        try:
            return await method(request, timeout=patience, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if isinstance(refusal_of(error), NotFound):
                return None
            raise

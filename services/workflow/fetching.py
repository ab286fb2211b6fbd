"""Asks the desk's service which teams to send, after a step that makes a matter urgent again."""

import logging
from collections.abc import Callable

import grpc

from backbone.process.settings import Settings
from backbone.rpc.caller import metadata_for
from backbone.rpc.channels import open_channel
from backbone.words.actor import Actor
from backbone.words.city import City
from backbone.words.roles import TEAM_SENDERS
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.alarm.v1 import alarm_service_pb2_grpc as rpc
from liandong.incident.v1 import incident_pb2 as resources
from services.workflow.incident.record import Incident
from services.workflow.teamless import asks

log = logging.getLogger(__name__)

# After these steps a matter may ask for teams that it did not ask for, or has lost.
STEPS = frozenset({"SetPriorityRequest", "UndoVoidRequest", "UndoMergeRequest"})
PATIENCE = 1.0


class Fetching:
    """The receipts of the desk hold the orders to teams; so it recommends and sends them."""

    def __init__(self, settings: Settings, city: Callable[[], City]) -> None:
        self._token, self._city = settings.token, city
        self._stub = rpc.AlarmServiceStub(open_channel(settings, "alarm"))

    async def recommend(self, incident: Incident, shown: resources.Incident, by: Actor) -> None:
        """Set the teams to send; none while the desk's service does not answer. It does not fail:
        the step is done."""
        if by.role not in TEAM_SENDERS or not asks(incident, self._city()):
            return
        matter = incident.matter
        asked = pb.FetchTeamsRequest(
            receipt_id=str(incident.id), category=matter.category, priority=matter.priority
        )
        try:
            metadata = metadata_for(self._token, by)
            answer = await self._stub.FetchTeams(asked, timeout=PATIENCE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log.info("teams.unheard", extra={"error": error.details()})
            return
        shown.recommended.extend(answer.recommended)

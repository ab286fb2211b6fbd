"""The gRPC front: each method wraps its request as a command and returns the incident."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from backbone.directory.replica import Replica
from backbone.door import outcomes
from backbone.door.outcomes import Outcome
from backbone.door.timers import NEVER
from backbone.rpc.caller import Caller, caller_of
from backbone.shell.shell import Shell
from backbone.words.errors import InvalidTransition, NotFound
from backbone.words.sight import watched
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from services.workflow import codec, storage
from services.workflow.hands import Hands
from services.workflow.incident import Command, Event, routing
from services.workflow.incident.claim import ClaimIncident
from services.workflow.incident.record import Incident
from services.workflow.roads import Roads

LOST = frozenset({"ALREADY_CLAIMED", "INVALID_TRANSITION", "NOT_YOUR_UNIT"})
PAGE = 50
MOST = 200


class IncidentService(rpc.IncidentServiceServicer):
    def __init__(self, shell: Shell[Incident, Command, Event], roads: Roads, front: str) -> None:
        self._shell = shell
        self._roads = roads
        self._front = front

    async def OpenIncident(self, request: pb.OpenIncidentRequest, context: Any) -> Any:
        """The intake has committed: it is opened, whether or not the call is still waited for."""
        caller = replace(caller_of(context), deadline=NEVER)
        return pb.OpenIncidentResponse(incident=await self._do(request, context, caller))

    async def RouteIncident(self, request: pb.RouteIncidentRequest, context: Any) -> Any:
        return pb.RouteIncidentResponse(incident=await self._do(request, context))

    async def DesignateUnit(self, request: pb.DesignateUnitRequest, context: Any) -> Any:
        return pb.DesignateUnitResponse(incident=await self._do(request, context))

    async def ClaimIncident(self, request: pb.ClaimIncidentRequest, context: Any) -> Any:
        return pb.ClaimIncidentResponse(incident=await self._do(request, context))

    async def ReleaseIncident(self, request: pb.ReleaseIncidentRequest, context: Any) -> Any:
        return pb.ReleaseIncidentResponse(incident=await self._do(request, context))

    async def RequestReturn(self, request: pb.RequestReturnRequest, context: Any) -> Any:
        return pb.RequestReturnResponse(incident=await self._do(request, context))

    async def AcceptReturn(self, request: pb.AcceptReturnRequest, context: Any) -> Any:
        return pb.AcceptReturnResponse(incident=await self._do(request, context))

    async def RejectReturn(self, request: pb.RejectReturnRequest, context: Any) -> Any:
        return pb.RejectReturnResponse(incident=await self._do(request, context))

    async def HandOffIncident(self, request: pb.HandOffIncidentRequest, context: Any) -> Any:
        return pb.HandOffIncidentResponse(incident=await self._do(request, context))

    async def AcceptHandOff(self, request: pb.AcceptHandOffRequest, context: Any) -> Any:
        return pb.AcceptHandOffResponse(incident=await self._do(request, context))

    async def RefuseHandOff(self, request: pb.RefuseHandOffRequest, context: Any) -> Any:
        return pb.RefuseHandOffResponse(incident=await self._do(request, context))

    async def AssignIncident(self, request: pb.AssignIncidentRequest, context: Any) -> Any:
        return pb.AssignIncidentResponse(incident=await self._do(request, context))

    async def ReportProgress(self, request: pb.ReportProgressRequest, context: Any) -> Any:
        return pb.ReportProgressResponse(incident=await self._do(request, context))

    async def ResolveIncident(self, request: pb.ResolveIncidentRequest, context: Any) -> Any:
        return pb.ResolveIncidentResponse(incident=await self._do(request, context))

    async def VerifyIncident(self, request: pb.VerifyIncidentRequest, context: Any) -> Any:
        return pb.VerifyIncidentResponse(incident=await self._do(request, context))

    async def ReworkIncident(self, request: pb.ReworkIncidentRequest, context: Any) -> Any:
        return pb.ReworkIncidentResponse(incident=await self._do(request, context))

    async def CloseIncident(self, request: pb.CloseIncidentRequest, context: Any) -> Any:
        return pb.CloseIncidentResponse(incident=await self._do(request, context))

    async def VoidIncident(self, request: pb.VoidIncidentRequest, context: Any) -> Any:
        return pb.VoidIncidentResponse(incident=await self._do(request, context))

    async def _do(
        self, body: Any, context: Any, caller: Caller | None = None
    ) -> resources.Incident:
        caller = caller or caller_of(context)
        if "incident_id" in body.DESCRIPTOR.fields_by_name:
            _id(body.incident_id)
        command = codec.to_command(caller, body, self._front, datetime.now(UTC))
        value = command.SerializeToString()
        request = codec.to_request(value)
        outcome, road = await self._roads.perform(request, value)
        found = self._shell.settle(context, caller, request.command, outcome, road.value)
        return codec.to_resource(found)


class IncidentReads:
    """Reads go to the rows of the primary: whoever has written sees it."""

    def __init__(self, shell: Shell[Incident, Command, Event], replica: Replica) -> None:
        self._shell = shell
        self._replica = replica

    async def get(self, request: Any, context: Any) -> Incident:
        """Raises NotFound, also for what is outside the caller's scope."""
        unit, area = scope_of(caller_of(context))
        row = await storage.one(self._shell.pool, unit, area, _id(request.incident_id))
        if row is None:
            raise NotFound("NO_SUCH_INCIDENT")
        return self._shell.decider.from_row(row)

    async def page(self, request: pb.ListIncidentsRequest, context: Any) -> Any:
        who = scope_of(caller_of(context))
        state = resources.Incident.State.Name(request.state).removeprefix("STATE_")
        given = ("unit", "category", "priority", "code", "holder")
        filters = [None if not request.state else state]
        filters += [getattr(request, name) or None for name in given]
        size = min(max(request.page_size, 0) or PAGE, MOST)
        window = (request.page_token, size)
        rows, token = await storage.page(self._shell.pool, request.inbox, who, filters, window)
        found = [codec.to_resource(self._shell.decider.from_row(row)) for row in rows]
        response = pb.ListIncidentsResponse(items=found, next_page_token=token)
        if request.count:
            total = await storage.count(self._shell.pool, request.inbox, who, filters)
            response.total_size = total
        return response

    async def timeline(self, request: Any, context: Any) -> pb.GetTimelineResponse:
        found = await self.get(request, context)
        rows = await self._shell.pool.fetch(storage.TIMELINE, found.id)
        return pb.GetTimelineResponse(items=[codec.to_progress(row) for row in rows])

    async def explain(self, request: Any, context: Any) -> pb.ExplainRouteResponse:
        found = await self.get(request, context)
        explained = routing.explain(found, self._replica.city)
        return pb.ExplainRouteResponse(
            then=codec.to_routing(found.routing),
            now=codec.to_routing(explained.routing),
            path=explained.path,
        )


class Front(IncidentService):
    """The whole service: the verbs over both roads, the reads, and taking the next."""

    def __init__(
        self, shell: Shell[Incident, Command, Event], roads: Roads, front: str, replica: Replica
    ) -> None:
        super().__init__(shell, roads, front)
        self._reads = IncidentReads(shell, replica)
        self._hands = Hands(shell.pool, replica)

    async def ClaimIncident(self, request: pb.ClaimIncidentRequest, context: Any) -> Any:
        """Whoever holds enough claims no more; a repeat gets its first answer all the same."""
        caller = caller_of(context)
        try:
            await self._hands.require_free(caller.actor)
        except InvalidTransition:
            if not await outcomes.find(self._shell.pool, [caller.request_id]):
                raise
        return await super().ClaimIncident(request, context)

    async def GetIncident(self, request: pb.GetIncidentRequest, context: Any) -> Any:
        found = await self._reads.get(request, context)
        return pb.GetIncidentResponse(incident=codec.to_resource(found))

    async def ListIncidents(self, request: pb.ListIncidentsRequest, context: Any) -> Any:
        return await self._reads.page(request, context)

    async def GetTimeline(self, request: pb.GetTimelineRequest, context: Any) -> Any:
        return await self._reads.timeline(request, context)

    async def ExplainRoute(self, request: pb.ExplainRouteRequest, context: Any) -> Any:
        return await self._reads.explain(request, context)

    async def TakeNext(self, request: pb.TakeNextRequest, context: Any) -> Any:
        """Pick and claim until one is won; who loses a race takes the next one.

        Each try is a request of its own, derived from the call's, so that a repeat of the call
        finds the try that won.
        """
        caller = caller_of(context)
        lost: list[UUID] = []
        for number in count():
            attempt = replace(caller, request_id=uuid5(caller.request_id, f"take-{number}"))
            known = await outcomes.find(self._shell.pool, [attempt.request_id])
            outcome = known[0] if known else await self._try(attempt, lost)
            if outcome.reason not in LOST:
                command = ClaimIncident(caller.actor)
                taken = self._shell.settle(context, caller, command, outcome)
                return pb.TakeNextResponse(incident=codec.to_resource(taken))
            lost.append(outcome.aggregate_id)
        raise AssertionError("a count never ends")

    async def _try(self, caller: Caller, lost: list[UUID]) -> Outcome:
        await self._hands.require_free(caller.actor)
        found = await self._shell.pool.fetchval(storage.NEXT, caller.actor.unit, lost)
        if found is None:
            raise NotFound("POOL_EMPTY", unit=caller.actor.unit)
        claim = pb.ClaimIncidentRequest(incident_id=str(found))
        command = codec.to_command(caller, claim, "", datetime.now(UTC))
        return await self._roads.directly(codec.to_request(command.SerializeToString()))


def scope_of(caller: Caller) -> tuple[str, str]:
    """The caller's unit, and the leading digits of the area that the caller watches over."""
    return caller.actor.unit, watched(caller.actor)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_INCIDENT") from error

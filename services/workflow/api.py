"""The gRPC front: verbs over both roads, taking the next, and reads."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from backbone.directory.replica import Replica
from backbone.door.actions import Actions, actions_of
from backbone.door.decider import Decider
from backbone.door.timers import NEVER
from backbone.postgres.listing import within
from backbone.postgres.paging import MOST, read_token, scope_of, sign_token, size_of
from backbone.rpc.caller import caller_of
from backbone.rpc.ids import named_id
from backbone.rpc.passing import passing
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.wire import to_message
from backbone.words.actor import Actor
from backbone.words.errors import NotFound, Unavailable
from liandong.incident.v1 import incident_pb2 as resources
from liandong.incident.v1 import incident_service_pb2 as pb
from liandong.incident.v1 import incident_service_pb2_grpc as rpc
from services.workflow import codec, fetching, moving, storage
from services.workflow.calling import Calls
from services.workflow.desk_inbox import DeskInbox
from services.workflow.incident import FROM_RECEIPTS, INCIDENTS, UNSEEN, routing
from services.workflow.incident.claiming import ClaimIncident
from services.workflow.incident.record import Incident, State
from services.workflow.incident.reports import heard_reports
from services.workflow.naming import OF_MERGED, Named
from services.workflow.roads import Roads
from services.workflow.showing import Cut
from services.workflow.taking import Taking
from services.workflow.team_steps import TeamSteps, merged

SERVICE = pb.DESCRIPTOR.services_by_name["IncidentService"]


class IncidentReads:
    """Reads go to the rows of the primary: a caller who has written sees it."""

    def __init__(self, shell: Shell, decider: Decider[Incident], replica: Replica) -> None:
        self._pool = shell.pool
        self._key = shell.settings.keyring.lasting
        self._decider = decider
        self._replica = replica
        self._lists = lists_of(shell, decider)
        self._steps = TeamSteps(shell.settings)
        self.inbox = DeskInbox(
            shell.settings, shell.rows.of(decider), self.shown, lambda: replica.city
        )
        self._actions: Actions[Incident] = actions_of(
            decider, SERVICE, inside={*UNSEEN, *FROM_RECEIPTS}
        )
        self._journal = shell.rows.journal

    async def get(self, request: Any, context: Any) -> Incident:
        """Raises NotFound, also for an incident outside the caller's scope."""
        sights = storage.sights_of(caller_of(context).actor)
        row = await self._lists.find(_id(request.incident_id), sights)
        if row is None:
            raise NotFound("NO_SUCH_INCIDENT")
        return self._decider.from_row(row)

    async def page(self, request: pb.ListIncidentsRequest, context: Any) -> Any:
        caller = caller_of(context)
        actor = caller.actor
        if request.inbox:
            return await self.inbox.page(request, caller, partial(self._page, actor))
        return await self._page(actor, request)

    async def _page(
        self, actor: Actor, request: pb.ListIncidentsRequest
    ) -> pb.ListIncidentsResponse:
        asked = storage.asked(request, actor, self._call_back_roles())
        response = pb.ListIncidentsResponse()

        hosts = Named(OF_MERGED)

        def shown(row: Any) -> resources.Incident:
            return self.shown(self._decider.from_row(row), actor, hosts)

        if request.inbox:  # no merged one waits
            await self._lists.answer(request, response, asked, self._waiting(actor))
        else:
            await self._lists.answer(request, response, asked, shown, hosts.read_rows)
        return response

    def _waiting(self, actor: Actor) -> Callable[[Any], resources.Incident]:
        """Shows a row in the inbox of an actor."""
        of_disputes = self._call_back_roles()

        def show(row: Any) -> resources.Incident:
            incident = self._decider.from_row(row)
            message = codec.in_inbox(incident, actor, of_disputes)
            message.actions.extend(self._actions.of(incident, actor))
            return message

        return show

    def _call_back_roles(self) -> tuple[str, ...]:
        """The roles of the city pack that make the call-backs of disputes."""
        policy = self._replica.city.policy
        return policy.dispute_call_back if policy else ()

    async def shown_alone(self, incident: Incident, actor: Actor) -> resources.Incident:
        """Like `shown`; a merged one names none who asks for protection since."""
        return self.shown(incident, actor, await self._hosts_of(incident))

    async def _hosts_of(self, incident: Incident) -> Named:
        hosts = Named(OF_MERGED)
        if incident.state is State.MERGED:
            await hosts.read(self._pool, [incident.id])
        return hosts

    def shown(
        self, incident: Incident, actor: Actor, hosts: Named | None = None
    ) -> resources.Incident:
        """The incident for one reader, with what that reader may do next."""
        message = codec.to_resource(incident)
        if hosts is not None:
            message.persons.extend(hosts.of(incident.id))
        message.actions.extend(self._actions.of(incident, actor))
        return message

    async def timeline(self, request: pb.GetTimelineRequest, context: Any) -> Any:
        """The events and the steps of teams in order, as many events as one answer holds."""
        incident = await self.get(request, context)
        scope, size = scope_of(request), size_of(request.page_size or MOST)
        after = read_token(self._key, scope, request.page_token, int) or 0
        rows = await self._journal.rows(incident.id, after, size + 1, incident.version)
        since = await self._pool.fetchval(storage.TIME_OF, incident.id, after) if after else None
        cut = Cut(incident, caller_of(context).actor)
        items = within(codec.to_progress(row, cut) for row in rows[:size])
        steps = await self._steps.of(incident.id)
        page = merged(items, steps, since, is_last=len(items) == len(rows))
        persons = [*incident.matter.persons, *(await self._hosts_of(incident)).of(incident.id)]
        response = pb.GetTimelineResponse(items=page, persons=persons)
        if len(items) < len(rows):
            last = rows[len(items) - 1]["version"]
            response.next_page_token = sign_token(self._key, scope, last)
        return response

    async def clocks(self, request: pb.ListClocksRequest, context: Any) -> Any:
        """The running clocks; a page begins after the clock that the token names."""
        due = codec.to_resource(await self.get(request, context)).due
        scope, size = scope_of(request), size_of(request.page_size or MOST)
        after = read_token(self._key, scope, request.page_token, str)
        ids = [clock.id for clock in due]
        start = ids.index(after) + 1 if after in ids else 0
        items = within(due[start : start + size])
        response = pb.ListClocksResponse(items=items)
        if start + len(items) < len(due):
            response.next_page_token = sign_token(self._key, scope, items[-1].id)
        return response

    async def explain(self, request: Any, context: Any) -> pb.ExplainRouteResponse:
        incident = await self.get(request, context)
        explained = routing.explain(incident, self._replica.city)
        return pb.ExplainRouteResponse(
            then=codec.to_routing(incident.routing),
            now=codec.to_routing(explained.routing),
            path=explained.path,
            steps=[
                pb.RouteStep(rule=each.rule, title=each.title, result=each.result, unit=each.unit)
                for each in explained.steps
            ],
        )


@passing(SERVICE, INCIDENTS.verbs)
class Front(rpc.IncidentServiceServicer):
    """The whole service. A verb without a method here is passed on over both roads."""

    def __init__(
        self,
        shell: Shell,
        decider: Decider[Incident],
        roads: Roads,
        calls: Calls,
        replica: Replica,
    ) -> None:
        self._shell = shell
        self._calls = calls
        self._reads = IncidentReads(shell, decider, replica)
        self._moving = moving.Moving(shell.settings, shell.pool)
        self._fetching = fetching.Fetching(shell.settings, lambda: replica.city)
        self._taking = Taking(shell.pool, shell.door, roads, shell.settings.keyring.lasting)

    async def pass_on(self, request: Any, context: Any) -> resources.Incident:
        _id(request.incident_id)
        caller = caller_of(context)
        found = await self._calls.perform(request, context, caller)
        if request.DESCRIPTOR.name in moving.STEPS:
            found = await self._moved(found, request, context, caller.request_id)
        shown = await self._reads.shown_alone(found, caller.actor)
        if request.DESCRIPTOR.name in fetching.STEPS:
            await self._fetching.recommend(found, shown, caller.actor)
        return shown

    async def _moved(
        self, incident: Incident, request: Any, context: Any, request_id: UUID
    ) -> Incident:
        """The incident once its receipts have followed: they bring it back what they were told
        meanwhile. As it was before where the desk's service is away."""
        await self._moving.tell(incident.id, request_id)
        with suppress(NotFound):
            return await self._reads.get(request, context)
        return incident

    async def OpenIncident(self, request: pb.OpenIncidentRequest, context: Any) -> Any:
        """The opening never expires: the intake has already committed."""
        caller = replace(caller_of(context), deadline=NEVER)
        incident = await self._calls.perform(request, context, caller)
        return pb.OpenIncidentResponse(incident=codec.to_resource(incident))

    async def AmendMatter(self, request: pb.AmendMatterRequest, context: Any) -> Any:
        return pb.AmendMatterResponse(incident=await self._told(request, context))

    async def LinkCaller(self, request: pb.LinkCallerRequest, context: Any) -> Any:
        return pb.LinkCallerResponse(incident=await self._told(request, context))

    async def UnlinkCaller(self, request: pb.UnlinkCallerRequest, context: Any) -> Any:
        return pb.UnlinkCallerResponse(incident=await self._told(request, context))

    async def SettleIncident(self, request: pb.SettleIncidentRequest, context: Any) -> Any:
        return pb.SettleIncidentResponse(incident=await self._told(request, context))

    async def GetIncident(self, request: pb.GetIncidentRequest, context: Any) -> Any:
        incident = await self._reads.get(request, context)
        shown = await self._reads.shown_alone(incident, caller_of(context).actor)
        return pb.GetIncidentResponse(incident=shown)

    async def ReadIncident(self, request: pb.ReadIncidentRequest, context: Any) -> Any:
        incident = await self._reads.get(request, context)
        shown = await self._reads.shown_alone(incident, caller_of(context).actor)
        heard = (to_message(each, resources.HeardReport) for each in heard_reports(incident))
        against = incident.matter.against
        return pb.ReadIncidentResponse(incident=shown, against=against, heard_reports=heard)

    async def ListIncidents(self, request: pb.ListIncidentsRequest, context: Any) -> Any:
        return await self._reads.page(request, context)

    async def GetTimeline(self, request: pb.GetTimelineRequest, context: Any) -> Any:
        return await self._reads.timeline(request, context)

    async def ListClocks(self, request: pb.ListClocksRequest, context: Any) -> Any:
        return await self._reads.clocks(request, context)

    async def ExplainRoute(self, request: pb.ExplainRouteRequest, context: Any) -> Any:
        return await self._reads.explain(request, context)

    async def SettleLink(self, request: pb.SettleLinkRequest, context: Any) -> Any:
        await self._reads.inbox.beside.settle(request, caller_of(context))
        return pb.SettleLinkResponse(link_id=request.link_id)

    async def TakeNext(self, request: pb.TakeNextRequest, context: Any) -> Any:
        caller = caller_of(context)
        outcome = await self._taking.take(caller)
        self._shell.report(context, caller, ClaimIncident(caller.actor), outcome)
        return pb.TakeNextResponse(incident=self._reads.shown(outcome.state, caller.actor))

    async def _told(self, body: Any, context: Any) -> resources.Incident:
        """Perform a request of another record. It never expires: that record has committed, and its
        event asks for the same.

        Raises Unavailable while the opening is still on its way: a refusal would be for good.
        """
        if not await storage.exists(self._shell.pool, _id(body.incident_id)):
            raise Unavailable("NOT_YET_OPEN")
        caller = replace(caller_of(context), deadline=NEVER)
        return codec.to_resource(await self._calls.perform(body, context, caller))


def _id(text: str) -> UUID:
    return named_id(text, "NO_SUCH_INCIDENT")

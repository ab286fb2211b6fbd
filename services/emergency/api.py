"""The gRPC servicer: each verb is a command through the door, each terminal a stream."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc

from backbone.directory.replica import Replica
from backbone.door.timers import LOOK, NEVER
from backbone.rpc.caller import Call, caller_of
from backbone.rpc.passing import passing
from backbone.rpc.refusing import abort
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.words.errors import Denied, NotFound, Unavailable
from liandong.emergency.v1 import emergency_pb2 as resources
from liandong.emergency.v1 import emergency_service_pb2 as pb
from liandong.emergency.v1 import emergency_service_pb2_grpc as rpc
from services.emergency import codec, storage
from services.emergency.accusing import without_accused
from services.emergency.acting import may_do
from services.emergency.alerts import Alerts
from services.emergency.deciders import missions
from services.emergency.mission import MISSIONS
from services.emergency.mission.recalling import RecallMission
from services.emergency.mission.record import Mission, State
from services.emergency.mission.steps import Crew
from services.emergency.orders import target
from services.emergency.places import Places
from services.emergency.scope import sight_of
from services.emergency.situation import Teams
from services.emergency.statuses import Statuses
from services.emergency.terminals import Terminals

FIRED = "liandong.emergency.unanswered.v1"
# The events of a mission among which the last rungs are looked for.
LAST_EVENTS = 400


class MissionService(rpc.EmergencyServiceServicer):
    """The verbs of missions."""

    def __init__(
        self,
        shell: Shell,
        replica: Replica,
        terminals: Terminals,
        teams: Teams,
        hurry: Callable[[], None],
    ) -> None:
        """`hurry` says that a rung may be due at once."""
        self._shell = shell
        self._replica = replica
        self._terminals = terminals
        self._teams = teams
        self._hurry = hurry
        self._places = Places(shell.pool)

    async def DispatchMission(self, request: pb.DispatchMissionRequest, context: Any) -> Any:
        """The desk has committed: the order holds, whether or not the call is still waited for."""
        order = request.order
        caller = replace(caller_of(context), actor=codec.ordering_actor(order), deadline=NEVER)
        matter = codec.ordered_matter(order)
        reachable, ready, (of, number) = await asyncio.gather(
            self._terminals.hears(order.team),
            self._teams.readiness(order.team),
            target(self._shell, caller.request_id, matter, order.team),
        )
        self._terminals.pressed.note(of, caller.pressed)
        command = codec.to_dispatch(order, self._replica.city, reachable, ready, number)
        mission = await self._shell.perform(missions, context, command, request, of, caller)
        if is_due_at_once(mission):
            self._hurry()
        return pb.DispatchMissionResponse(
            mission=await self._resource(mission, caller), reachable=mission.release.reachable
        )

    async def ReceiveMission(self, request: pb.ReceiveMissionRequest, context: Any) -> Any:
        """The number is one of the mission's own, or the terminal has stored something else."""
        entry = 0
        if request.seq:
            mission_id = codec.mission_id(request.mission_id)
            its = await self._shell.pool.fetchval(storage.HAS_ENTRY, mission_id, request.seq)
            entry = request.seq if its else 0
        return pb.ReceiveMissionResponse(mission=await self.pass_on(request, context, entry=entry))

    async def StopLadder(self, request: pb.StopLadderRequest, context: Any) -> Any:
        caller, mission_id = caller_of(context), codec.mission_id(request.mission_id)
        command = codec.to_stop(request, caller)
        mission = await self._shell.perform(missions, context, command, request, mission_id, caller)
        return pb.StopLadderResponse(mission=await self._resource(mission, caller))

    async def RecallMission(self, request: pb.RecallMissionRequest, context: Any) -> Any:
        """A person of the desk calls the team back, with or without Kafka."""
        caller = caller_of(context)
        command = RecallMission(caller.actor, request.reason)
        of = codec.mission_id(request.mission_id)
        mission = await self._shell.perform(missions, context, command, request, of, caller)
        return pb.RecallMissionResponse(mission=await self._resource(mission, caller))

    async def Subscribe(
        self, request: pb.SubscribeRequest, context: Any
    ) -> AsyncIterator[pb.SubscribeResponse]:
        caller = caller_of(context)
        if caller.team != request.team or not request.team:
            raise Denied("NOT_YOUR_TEAM", team=request.team)
        async for frame in self._terminals.stream(request, _cut(context)):
            yield frame

    async def pass_on(self, request: Any, context: Any, **known: Any) -> resources.Mission:
        """Perform the step of the request's name; `known` is what the request cannot say."""
        caller = caller_of(context)
        crew = Crew(caller.actor.user, caller.team, caller.actor.unit)
        command = codec.to_step(request, crew, **known)
        mission_id = codec.mission_id(request.mission_id)
        mission = await self._shell.perform(missions, context, command, request, mission_id, caller)
        if mission.state is State.REFUSED:
            self._hurry()
        resource = await self._resource(mission, caller)
        resource.answer = codec.answer_of(request, mission)
        return resource

    async def _resource(self, mission: Mission, caller: Call) -> resources.Mission:
        """The number is that of the mailbox: so a repeat is answered with the same one."""
        seq = await self._places.of(mission)
        message = codec.to_resource(without_accused(mission, self._replica.city), seq)
        message.actions.extend(may_do(mission, caller))
        return message


@passing(pb.DESCRIPTOR.services_by_name["EmergencyService"], MISSIONS.verbs)
class EmergencyService(MissionService):
    """The whole service: the verbs, the reads, and the status of teams."""

    def __init__(
        self,
        shell: Shell,
        replica: Replica,
        terminals: Terminals,
        teams: Teams,
        hurry: Callable[[], None],
        alerts: Alerts,
    ) -> None:
        super().__init__(shell, replica, terminals, teams, hurry)
        self._alerts = alerts
        self._statuses = Statuses(shell, replica, terminals, hurry)
        self._lists = lists_of(shell, missions)

    async def GetMission(self, request: pb.GetMissionRequest, context: Any) -> Any:
        caller = caller_of(context)
        mission_id, sight = codec.mission_id(request.mission_id), sight_of(caller)
        row = await self._lists.find(mission_id, sight.conditions)
        if row is None:
            raise NotFound("NO_SUCH_MISSION")
        found = missions.from_row(row)
        mission = await self._resource(found, caller)
        mission.fired.extend(await self._fired(found))
        return pb.GetMissionResponse(mission=mission)

    async def _fired(self, mission: Mission) -> list[resources.FiredRung]:
        """The last rungs that were fired, proven by the journal; an archived one has none. Raises
        Broken for a journal that was changed by hand."""
        after = max(0, mission.version - LAST_EVENTS)
        try:
            rows = await self._shell.rows.journal.rows(
                mission.id, after, LAST_EVENTS, mission.version
            )
        except NotFound:
            return []
        fired = [codec.to_fired(each["payload"]) for each in rows if each["kind"] == FIRED]
        city = self._replica.city
        for each in fired:
            for team in [*each.next_teams]:
                if city.is_accused(team.unit, *mission.against):
                    each.next_teams.remove(team)
        return fired

    async def ListMissions(self, request: pb.ListMissionsRequest, context: Any) -> Any:
        matter = codec.mission_id(request.matter_id) if request.matter_id else None
        receipt = codec.mission_id(request.receipt) if request.receipt else None
        caller = caller_of(context)
        asked = storage.asked(request, sight_of(caller).conditions, matter, receipt)

        def shown(row: Any) -> resources.Mission:
            mission = missions.from_row(row)
            message = codec.to_resource(without_accused(mission, self._replica.city), seq=0)
            message.actions.extend(may_do(mission, caller))
            return message

        response = pb.ListMissionsResponse()
        await self._lists.answer(request, response, asked, shown)
        ids = [UUID(each.id) for each in response.items]
        seqs = await storage.seqs_of(self._shell.pool, ids)
        for item, mission in zip(response.items, ids, strict=True):
            item.seq = seqs.get(mission, 0)
        return response

    async def ListAlerts(self, request: pb.ListAlertsRequest, context: Any) -> Any:
        caller = caller_of(context)
        return await self._alerts.list(request, sight_of(caller), caller.actor.user)

    async def ListUnserved(self, request: pb.ListUnservedRequest, context: Any) -> Any:
        asked = [codec.mission_id(each) for each in request.matter_ids]
        rows = await self._shell.pool.fetch(storage.UNSERVED, asked, [*request.priorities])
        return pb.ListUnservedResponse(matter_ids=[str(row["id"]) for row in rows])

    async def SetTeamStatus(self, request: pb.SetTeamStatusRequest, context: Any) -> Any:
        return pb.SetTeamStatusResponse(status=await self._statuses.set(request, context))

    async def ListTeamStatuses(self, request: pb.ListTeamStatusesRequest, context: Any) -> Any:
        sight = sight_of(caller_of(context))
        return await self._statuses.list(request, sight)


def is_due_at_once(mission: Mission) -> bool:
    """Whether a rung falls due before the timers look the next time."""
    due = mission.ladder.due_time if mission.ladder else None
    return due is not None and due <= mission.time + timedelta(seconds=LOOK)


def _cut(context: Any) -> Callable[[], Coroutine[Any, Any, None]]:
    """Give the function that ends a call whose write is stuck: cancelling it alone would leave its
    client waiting."""
    writing = asyncio.current_task()

    async def cut() -> None:
        if writing is not None:
            writing.cancel()
        with suppress(grpc.aio.AbortError):
            await abort(context, Unavailable("READ_TOO_SLOWLY"))

    return cut

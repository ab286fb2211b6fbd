"""The gRPC methods of the front desk: each makes a command and answers the receipt."""

import asyncio
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from backbone.door.actions import Actions, actions_of
from backbone.door.decider import Decider
from backbone.door.request import created_id
from backbone.intake import following, teams
from backbone.intake.opening import Openings
from backbone.postgres.sealing import Sealer
from backbone.rpc.caller import Call, caller_of
from backbone.rpc.passing import passing
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.followed import OVER
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from liandong.alarm.v1 import alarm_service_pb2_grpc as rpc
from services.alarm import callers, codec, storage
from services.alarm.atlas import Atlas
from services.alarm.fetching import Fetching
from services.alarm.hearing import Follower, Hearing
from services.alarm.linkage import Linkage
from services.alarm.metrics import OPENINGS
from services.alarm.orders import Orders
from services.alarm.outstanding import Outstanding
from services.alarm.peers import Incidents, Missions, Teams
from services.alarm.reading import Reading
from services.alarm.receipt import RECEIPTS
from services.alarm.receipt.accusing import accused_alone, protects_alone
from services.alarm.receipt.dispatch import DispatchNow
from services.alarm.receipt.linking import LinkRepeat
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.reveal import RevealCaller
from services.alarm.receipt.tickets import AnswerTicket, RefuseTicket
from services.alarm.taking import Taking
from services.alarm.telling import Told
from services.alarm.ticketing import Tickets

SERVICE = pb.DESCRIPTOR.services_by_name["AlarmService"]


@passing(SERVICE, RECEIPTS.verbs)
class FrontDesk(rpc.AlarmServiceServicer):
    """The changes that only pass to the door, those that do something beside, and the reads."""

    def __init__(
        self, shell: Shell, decider: Decider[Receipt], atlas: Atlas, sealer: Sealer, hear: Follower
    ) -> None:
        self._shell = shell
        self._decider = decider
        self._atlas = atlas
        self._sealer = sealer
        self._actions: Actions[Receipt] = actions_of(decider, SERVICE)
        self._rows = shell.rows.of(decider)
        self._taking = Taking(shell.pool, self._rows, atlas, sealer)
        self._openings = Openings(shell.settings)
        self.orders = Orders(shell.batcher, Missions(shell.settings))
        self._told = Told(shell, decider, Incidents(shell.settings))
        self._teams = teams.of_receipts(shell.settings, shell.pool)
        self._hearing = Hearing(self._told, self.orders, self._teams, hear)
        linkage = Linkage(atlas, Teams(shell.settings), self.orders)
        self._fetching = Fetching(linkage, self._told, self._shown)
        self._reading = Reading(shell, decider, self._shown, lambda: atlas.city, self._told.glance)
        self._tickets = Tickets(shell, decider, self._actions)
        self._outstanding = Outstanding(shell, decider, lambda: atlas.city)

    async def pass_on(self, request: Any, context: Any) -> resources.Receipt:
        caller = caller_of(context)
        command = codec.to_command(request, caller.actor)
        receipt = await self._perform(context, command, request, caller)
        return self._shown(receipt, caller.actor)

    async def ReceiveAlarm(self, request: pb.ReceiveAlarmRequest, context: Any) -> Any:
        caller = caller_of(context)
        receipt_id = created_id(caller.request_id, "receipt")
        command = await self._taking.received(request, caller, receipt_id)
        receipt = await self._shell.perform(
            self._decider, context, command, request, receipt_id, caller
        )
        return pb.ReceiveAlarmResponse(receipt=self._shown(receipt, caller.actor))

    async def AmendReceipt(self, request: pb.AmendReceiptRequest, context: Any) -> Any:
        known = await self._known_as(request)
        command = self._taking.amended(request, caller_of(context).actor, known)
        return pb.AmendReceiptResponse(receipt=await self._correct(request, context, command))

    async def ClassifyReceipt(self, request: pb.ClassifyReceiptRequest, context: Any) -> Any:
        receipt_id, by = codec.receipt_id(request.receipt_id), caller_of(context).actor
        heard, standing = await asyncio.gather(
            self._told.heard(receipt_id), self._told.standing(receipt_id, by)
        )
        command = replace(codec.to_command(request, by), heard=heard, standing=standing)
        return pb.ClassifyReceiptResponse(receipt=await self._correct(request, context, command))

    async def _correct(self, request: Any, context: Any, command: Any) -> resources.Receipt:
        """Commit, then tell the incident: should the call fail, the event tells the same."""
        caller = caller_of(context)
        of, protects = codec.receipt_id(request.receipt_id), protects_alone(command)
        await self._hearing.require_open(of, caller, accused_alone(command), protects=protects)
        receipt = await self._perform(context, command, request, caller)
        shown = self._shown(receipt, caller.actor)
        incident = await self._told.amended(receipt, caller.actor)
        if incident is not None:
            shown.incident.CopyFrom(following.shown(incident))
            _passed_as(shown)
        await self._fetching.anew(shown, receipt, caller.actor)
        return shown

    async def UndoInvalid(self, request: pb.UndoInvalidRequest, context: Any) -> Any:
        """The teams that were recalled with the mark are not sent again by that alone."""
        caller = caller_of(context)
        command = codec.to_command(request, caller.actor)
        receipt = await self._perform(context, command, request, caller)
        shown = self._shown(receipt, caller.actor)
        await self._fetching.anew(shown, receipt, caller.actor)
        return pb.UndoInvalidResponse(receipt=shown)

    async def FetchTeams(self, request: pb.FetchTeamsRequest, context: Any) -> Any:
        teams = await self._fetching.for_incident(request, caller_of(context).actor)
        return pb.FetchTeamsResponse(recommended=teams)

    async def HearMerge(self, request: pb.HearMergeRequest, context: Any) -> Any:
        await self._hearing.merge(request.events)
        return pb.HearMergeResponse()

    async def RevealCaller(self, request: pb.RevealCallerRequest, context: Any) -> Any:
        caller = caller_of(context)
        await self._hearing.hear(codec.receipt_id(request.receipt_id), caller.actor, as_holder=True)
        command = RevealCaller(caller.actor, caller.purpose)
        receipt = await self._perform(context, command, request, caller)
        return pb.RevealCallerResponse(caller=callers.unseal(receipt.report.caller, self._sealer))

    async def OpenIncident(self, request: pb.OpenIncidentRequest, context: Any) -> Any:
        """Commit, then call: should the call fail, the event asks for the same opening."""
        caller = caller_of(context)
        command = codec.to_command(request, caller.actor)
        receipt = await self._perform(context, command, request, caller)
        shown, teams = await asyncio.gather(
            self._opened(receipt, caller.actor), self._fetching.recommended(receipt, caller.actor)
        )
        await self._fetching.fetch(shown, receipt, teams, caller.actor)
        return pb.OpenIncidentResponse(receipt=shown)

    async def PassTo12345(self, request: pb.PassTo12345Request, context: Any) -> Any:
        """Pass the receipt on; for a unit an incident is opened, as by `OpenIncident`."""
        caller = caller_of(context)
        command = replace(codec.to_command(request, caller.actor), note=await self._note(request))
        receipt = await self._perform(context, command, request, caller)
        if receipt.incident is None:
            return pb.PassTo12345Response(receipt=self._shown(receipt, caller.actor))
        return pb.PassTo12345Response(receipt=await self._opened(receipt, caller.actor))

    async def LinkRepeat(self, request: pb.LinkRepeatRequest, context: Any) -> Any:
        caller = caller_of(context)
        incident_id = codec.incident_id(request.incident)
        seen = await self._told.seen(incident_id, caller.actor) or codec.Seen()
        command = LinkRepeat(
            caller.actor,
            incident_id,
            seen.code,
            seen.known,
            seen.priority,
            request.confirm_priority,
            await storage.accused_by(self._rows, incident_id),
            seen.category,
            seen.merged_code,
        )
        fresh = not await self._told.is_known(caller)
        receipt = await self._perform(context, command, request, caller)
        await self._hearing.linked(receipt, incident_id, caller, fresh)
        await self._told.linked(receipt, caller.actor)
        return pb.LinkRepeatResponse(receipt=self._shown(receipt, caller.actor))

    async def UnlinkRepeat(self, request: pb.UnlinkRepeatRequest, context: Any) -> Any:
        caller = caller_of(context)
        before = await self._known_as(request)
        command = await self._told.leaving(before, codec.to_command(request, caller.actor))
        receipt = await self._perform(context, command, request, caller)
        await self._told.unlinked(before, receipt, caller.actor)
        shown = self._shown(receipt, caller.actor)
        await self._fetching.anew(shown, receipt, caller.actor)
        return pb.UnlinkRepeatResponse(receipt=shown)

    async def DispatchNow(self, request: pb.DispatchNowRequest, context: Any) -> Any:
        """Order, then call: a refusal is recorded, so that the order does not stand."""
        caller = caller_of(context)
        known = await self._told.found(codec.receipt_id(request.receipt_id))
        standing, facts = await asyncio.gather(
            self.orders.standing(known, request.team), self._told.facts(known, caller.actor)
        )
        command = DispatchNow(
            by=caller.actor,
            team=request.team,
            note=self._taking.note(request.note, known),
            standing=standing,
            force_reason=request.force_reason,
            confirm_priority=request.confirm_priority,
            **facts,
        )
        receipt = await self._perform(context, command, request, caller)
        return await self.orders.deliver(receipt, command)

    async def GetReceipt(self, request: pb.GetReceiptRequest, context: Any) -> Any:
        """An incident that is not over is looked up: its priority may have been set on it, and the
        receipt may not have heard of its last step. While the desk still decides, the suggested
        repeats are shown as they are now."""
        by = caller_of(context).actor
        await self._hearing.hear(codec.receipt_id(request.receipt_id), by)
        shown = await self._reading.get(request, context)
        if shown.state == resources.Receipt.STATE_RECEIVED and shown.suggestions.repeats:
            await self._reading.bring_up_to_date(shown)
        await self.orders.show(shown)
        if shown.incident.id and shown.incident.state not in OVER:
            await self._glance(shown, by)
        await self._fetching.look(shown, by)
        return pb.GetReceiptResponse(receipt=shown)

    async def ReferToMediation(self, request: pb.ReferToMediationRequest, context: Any) -> Any:
        caller = caller_of(context)
        command = replace(codec.to_command(request, caller.actor), note=await self._note(request))
        receipt = await self._perform(context, command, request, caller)
        return pb.ReferToMediationResponse(receipt=self._shown(receipt, caller.actor))

    async def TellCaller(self, request: pb.TellCallerRequest, context: Any) -> Any:
        told = await self._reading.told(request, context)
        number = callers.unseal(told, self._sealer).number if told else ""
        return pb.TellCallerResponse(number=number)

    async def GetTicket(self, request: pb.GetTicketRequest, context: Any) -> Any:
        return pb.GetTicketResponse(ticket=await self._tickets.get(request, context))

    async def ListTickets(self, request: pb.ListTicketsRequest, context: Any) -> Any:
        return await self._tickets.page(request, context)

    async def ListOutstanding(self, request: pb.ListOutstandingRequest, context: Any) -> Any:
        return await self._outstanding.page(request, context)

    async def AnswerTicket(self, request: pb.AnswerTicketRequest, context: Any) -> Any:
        ticket = await self._tickets.perform(AnswerTicket, request, context)
        return pb.AnswerTicketResponse(ticket=ticket)

    async def RefuseTicket(self, request: pb.RefuseTicketRequest, context: Any) -> Any:
        ticket = await self._tickets.perform(RefuseTicket, request, context)
        return pb.RefuseTicketResponse(ticket=ticket)

    async def ListReceipts(self, request: pb.ListReceiptsRequest, context: Any) -> Any:
        return await self._reading.page(request, context)

    async def _perform(self, context: Any, command: Any, request: Any, caller: Call) -> Receipt:
        """Perform it, and tell the teams that the receipt has sent what they must hear of it. An
        order has a call of its own, and a link is looked at once more first."""
        receipt_id = codec.receipt_id(request.receipt_id)
        receipt: Receipt = await self._shell.perform(
            self._decider, context, command, request, receipt_id, caller
        )
        if receipt.dispatches and not isinstance(command, DispatchNow | LinkRepeat):
            await self._teams.tell(receipt_id, caller.request_id)
        return receipt

    async def _known_as(self, request: Any) -> Receipt | None:
        """The receipt as it stands; a decision does not depend on it, only what its texts name."""
        return await self._told.found(codec.receipt_id(request.receipt_id))

    async def _note(self, request: Any) -> str:
        """The desk's note, which leaves the desk."""
        known = await self._known_as(request) if request.note else None
        return self._taking.note(request.note, known)

    async def _opened(self, receipt: Receipt, actor: Actor) -> resources.Receipt:
        """The receipt with its incident, as far as workflow answers in time."""
        shown = self._shown(receipt, actor)
        incident = await self._openings.open(codec.to_matter(receipt))
        if incident is not None:
            shown.incident.CopyFrom(following.shown(incident))
            _passed_as(shown)
        OPENINGS.labels("pending" if incident is None else "answered").inc()
        return shown

    def _shown(self, receipt: Receipt, actor: Actor) -> resources.Receipt:
        shown = codec.shown_to(receipt, self._atlas.city, self._sealer, actor)
        shown.actions.extend(self._actions.of(receipt, actor))
        return shown

    async def _glance(self, shown: resources.Receipt, by: Actor) -> None:
        """Never an older version than the receipt has followed."""
        found = await self._told.glance(UUID(shown.incident.id), by)
        if found is not None and found.version >= shown.incident.version:
            shown.incident.CopyFrom(following.shown(found))
            _passed_as(shown)


def _passed_as(shown: resources.Receipt) -> None:
    """A receipt that was passed to a unit shows the state of its incident in both places."""
    if shown.HasField("passed"):
        shown.passed.state, shown.passed.answer = shown.incident.state, shown.incident.reply

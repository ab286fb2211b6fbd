"""The gRPC edge: a request becomes a command, the answer is the dispute afterwards."""

from typing import Any
from uuid import UUID

from backbone.directory.places import Places
from backbone.door.actions import Actions, actions_of
from backbone.door.decider import Decider
from backbone.door.request import created_id
from backbone.intake.following import shown
from backbone.intake.opening import Openings
from backbone.intake.settling import Settlings
from backbone.postgres.numbers import Numbers, today
from backbone.postgres.sealing import Sealer
from backbone.rpc.caller import caller_of
from backbone.rpc.passing import passing
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.matter_code import Intake, mint
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1 import dispute_service_pb2_grpc as rpc
from services.dispute import codec, storage
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.record import Dispute, Party

# A person waits for these: the incident moves by call, and not only by the event.
ENDINGS = {
    "RecordAgreementRequest": "AgreementReached",
    "FailMediationRequest": "MediationFailed",
    "CloseDisputeRequest": "DisputeClosed",
}


SERVICE = pb.DESCRIPTOR.services_by_name["DisputeService"]


@passing(SERVICE, DISPUTES.verbs)
class DisputeService(rpc.DisputeServiceServicer):
    def __init__(
        self,
        shell: Shell,
        decider: Decider[Dispute],
        sealer: Sealer,
        openings: Openings,
        places: Places,
    ) -> None:
        self._shell = shell
        self._decider = decider
        self._actions: Actions[Dispute] = actions_of(decider, SERVICE)
        self._rows = shell.rows.of(decider)
        self._lists = lists_of(shell, decider)
        self._sealer = sealer
        self._openings = openings
        self._places = places
        self._settlings = Settlings(shell.settings)
        self._numbers = Numbers(shell.pool)

    async def RegisterDispute(self, request: pb.RegisterDisputeRequest, context: Any) -> Any:
        caller, day = caller_of(context), today()
        new = created_id(caller.request_id, "dispute")
        number = await self._numbers.serial(day)
        code = mint(caller.actor.area, day, Intake.DISPUTE, number)
        command = codec.to_registration(request, caller, (new, code), self._sealer)
        command = codec.located(command, self._places)
        dispute = await self._shell.perform(self._decider, context, command, request, new, caller)
        return pb.RegisterDisputeResponse(dispute=self._shown(dispute, caller.actor))

    async def RouteDispute(self, request: pb.RouteDisputeRequest, context: Any) -> Any:
        dispute = await self._perform(request, context)
        resource = self._shown(dispute, caller_of(context).actor)
        incident = await self._openings.open(codec.to_matter(dispute))
        if incident is not None:
            resource.incident.CopyFrom(shown(incident))
        return pb.RouteDisputeResponse(dispute=resource)

    async def RevealParties(self, request: pb.RevealPartiesRequest, context: Any) -> Any:
        return codec.to_revealed(await self._perform(request, context), self._sealer)

    async def GetDispute(self, request: pb.GetDisputeRequest, context: Any) -> Any:
        """Reads the row of the primary, so that the writer sees the own change."""
        asked = codec.dispute_id(request.dispute_id)
        actor = caller_of(context).actor
        sights = storage.sights_of(actor)
        row = await self._lists.find(asked, sights)
        if row is None:
            raise NotFound("NO_SUCH_DISPUTE")
        return pb.GetDisputeResponse(dispute=self._shown(self._decider.from_row(row), actor))

    async def ListDisputes(self, request: pb.ListDisputesRequest, context: Any) -> Any:
        actor = caller_of(context).actor
        asked = storage.asked(request, actor)

        def show(row: Any) -> resources.Dispute:
            return self._shown(self._decider.from_row(row), actor)

        return await self._lists.answer(request, pb.ListDisputesResponse(), asked, show)

    async def pass_on(self, request: Any, context: Any) -> resources.Dispute:
        dispute = await self._perform(request, context)
        step, actor = ENDINGS.get(request.DESCRIPTOR.name), caller_of(context).actor
        if step:
            await self._settlings.settle(dispute, dispute.routing.incident, step, actor)
        return self._shown(dispute, actor)

    async def _perform(self, body: Any, context: Any) -> Dispute:
        caller, about = caller_of(context), codec.dispute_id(body.dispute_id)
        known = await self._parties(about) if isinstance(body, pb.NamePartiesRequest) else ()
        command = codec.to_command(body, caller, self._sealer, known)
        return await self._shell.perform(self._decider, context, command, body, about, caller)

    async def _parties(self, dispute_id: UUID) -> tuple[Party, ...]:
        row = await storage.one(self._rows, dispute_id)
        return self._decider.from_row(row).filing.parties if row else ()

    def _shown(self, dispute: Dispute, actor: Actor) -> resources.Dispute:
        message = codec.to_resource(dispute, self._sealer)
        message.actions.extend(self._actions.of(dispute, actor))
        return message

"""The gRPC edge: a request becomes a command, the answer is the dispute afterwards."""

from typing import Any

from backbone.directory.places import Places
from backbone.door.decider import Decider
from backbone.door.request import created_id
from backbone.intake.following import shown
from backbone.intake.opening import Openings
from backbone.intake.settling import Settlings
from backbone.postgres.listing import Lists
from backbone.postgres.numbers import Numbers, today
from backbone.postgres.sealing import Sealer
from backbone.rpc.caller import caller_of
from backbone.rpc.passing import passing
from backbone.shell.shell import Shell
from backbone.words.errors import NotFound
from backbone.words.matter_code import Intake, mint
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1 import dispute_service_pb2_grpc as rpc
from services.dispute import codec, storage
from services.dispute.dispute import DISPUTES
from services.dispute.dispute.record import Dispute

# A person waits for these: the incident moves by call, and not only by the event.
ENDINGS = {
    "RecordAgreementRequest": "AgreementReached",
    "FailMediationRequest": "MediationFailed",
    "CloseDisputeRequest": "DisputeClosed",
}


@passing(pb.DESCRIPTOR.services_by_name["DisputeService"], DISPUTES.verbs)
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
        key = shell.settings.keyring.lasting
        self._lists = Lists(shell.pool, key, decider.table.name, storage.PATHS)
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
        return pb.RegisterDisputeResponse(dispute=codec.to_resource(dispute, self._sealer))

    async def RouteDispute(self, request: pb.RouteDisputeRequest, context: Any) -> Any:
        dispute = await self._perform(request, context)
        resource = codec.to_resource(dispute, self._sealer)
        incident = await self._openings.open(codec.to_matter(dispute))
        if incident is not None:
            resource.incident.CopyFrom(shown(incident))
        return pb.RouteDisputeResponse(dispute=resource)

    async def RevealParties(self, request: pb.RevealPartiesRequest, context: Any) -> Any:
        return codec.to_revealed(await self._perform(request, context), self._sealer)

    async def GetDispute(self, request: pb.GetDisputeRequest, context: Any) -> Any:
        """Reads the row of the primary, so that the writer sees the own change."""
        asked = codec.dispute_id(request.dispute_id)
        sights = storage.sights_of(caller_of(context).actor)
        row = await self._lists.find(asked, sights)
        if row is None:
            raise NotFound("NO_SUCH_DISPUTE")
        return pb.GetDisputeResponse(dispute=self._resource(row))

    async def ListDisputes(self, request: pb.ListDisputesRequest, context: Any) -> Any:
        asked = storage.asked(request, caller_of(context).actor)
        response = pb.ListDisputesResponse()
        return await self._lists.answer(request, response, asked, self._resource)

    async def pass_on(self, request: Any, context: Any) -> resources.Dispute:
        dispute = await self._perform(request, context)
        step = ENDINGS.get(request.DESCRIPTOR.name)
        if step:
            incident, actor = dispute.routing.incident, caller_of(context).actor
            await self._settlings.settle(dispute, incident, step, actor)
        return codec.to_resource(dispute, self._sealer)

    async def _perform(self, body: Any, context: Any) -> Dispute:
        caller, about = caller_of(context), codec.dispute_id(body.dispute_id)
        command = codec.to_command(body, caller, self._sealer)
        return await self._shell.perform(self._decider, context, command, body, about, caller)

    def _resource(self, row: Any) -> resources.Dispute:
        return codec.to_resource(self._decider.from_row(row), self._sealer)

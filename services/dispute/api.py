"""The gRPC edge: each method wraps its request as a command and returns the dispute."""

from typing import Any

from backbone.door.request import created_id
from backbone.intake.following import shown
from backbone.intake.opening import Openings
from backbone.postgres import paging as pages
from backbone.postgres.numbers import Numbers, today
from backbone.postgres.sealing import Sealer
from backbone.rpc.caller import caller_of
from backbone.shell.shell import Shell
from backbone.words.errors import NotFound
from backbone.words.matter_code import Intake, mint
from liandong.dispute.v1 import dispute_pb2 as resources
from liandong.dispute.v1 import dispute_service_pb2 as pb
from liandong.dispute.v1 import dispute_service_pb2_grpc as rpc
from services.dispute import codec, storage
from services.dispute.dispute import Command, Event
from services.dispute.dispute.record import Dispute

FILTERS = ("state", "kind", "source", "level", "desk", "code")


class DisputeService(rpc.DisputeServiceServicer):
    def __init__(
        self, shell: Shell[Dispute, Command, Event], sealer: Sealer, openings: Openings
    ) -> None:
        self._shell = shell
        self._sealer = sealer
        self._openings = openings
        self._numbers = Numbers(shell.pool)

    async def RegisterDispute(self, request: pb.RegisterDisputeRequest, context: Any) -> Any:
        caller, day = caller_of(context), today()
        new = created_id(caller.request_id, "dispute")
        number = await self._numbers.next(day)
        code = mint(caller.actor.area, day, Intake.DISPUTE, number)
        command = codec.to_registration(request, caller, (new, code), self._sealer)
        found = await self._shell.perform(context, command, request, new, caller)
        return pb.RegisterDisputeResponse(dispute=codec.to_resource(found, self._sealer))

    async def NameParties(self, request: pb.NamePartiesRequest, context: Any) -> Any:
        return pb.NamePartiesResponse(dispute=await self._do(request, context))

    async def AcceptDispute(self, request: pb.AcceptDisputeRequest, context: Any) -> Any:
        return pb.AcceptDisputeResponse(dispute=await self._do(request, context))

    async def RefuseDispute(self, request: pb.RefuseDisputeRequest, context: Any) -> Any:
        return pb.RefuseDisputeResponse(dispute=await self._do(request, context))

    async def RouteDispute(self, request: pb.RouteDisputeRequest, context: Any) -> Any:
        found = await self._perform(request, context)
        dispute = codec.to_resource(found, self._sealer)
        incident = await self._openings.open(codec.to_matter(found))
        if incident is not None:
            dispute.incident.CopyFrom(shown(incident))
        return pb.RouteDisputeResponse(dispute=dispute)

    async def HoldSession(self, request: pb.HoldSessionRequest, context: Any) -> Any:
        return pb.HoldSessionResponse(dispute=await self._do(request, context))

    async def RecordAgreement(self, request: pb.RecordAgreementRequest, context: Any) -> Any:
        return pb.RecordAgreementResponse(dispute=await self._do(request, context))

    async def FailMediation(self, request: pb.FailMediationRequest, context: Any) -> Any:
        return pb.FailMediationResponse(dispute=await self._do(request, context))

    async def CloseDispute(self, request: pb.CloseDisputeRequest, context: Any) -> Any:
        return pb.CloseDisputeResponse(dispute=await self._do(request, context))

    async def RevealParties(self, request: pb.RevealPartiesRequest, context: Any) -> Any:
        return codec.to_revealed(await self._perform(request, context), self._sealer)

    async def GetDispute(self, request: pb.GetDisputeRequest, context: Any) -> Any:
        """Reads go to the rows of the primary: whoever has written sees it."""
        asked = codec.dispute_id(request.dispute_id)
        row = await storage.one(self._shell.pool, caller_of(context).actor, asked)
        if row is None:
            raise NotFound("NO_SUCH_DISPUTE")
        return pb.GetDisputeResponse(dispute=self._resource(row))

    async def ListDisputes(self, request: pb.ListDisputesRequest, context: Any) -> Any:
        actor, pool = caller_of(context).actor, self._shell.pool
        filters = pages.filters_of(request, FILTERS)
        size = pages.size_of(request.page_size)
        rows, token = await storage.page(pool, actor, filters, size, request.page_token)
        items = [self._resource(row) for row in rows]
        response = pb.ListDisputesResponse(items=items, next_page_token=token)
        if request.count:
            response.total_size = await storage.count(pool, actor, filters)
        return response

    async def _do(self, body: Any, context: Any) -> resources.Dispute:
        return codec.to_resource(await self._perform(body, context), self._sealer)

    async def _perform(self, body: Any, context: Any) -> Dispute:
        caller, about = caller_of(context), codec.dispute_id(body.dispute_id)
        command = codec.to_command(body, caller, self._sealer)
        return await self._shell.perform(context, command, body, about, caller)

    def _resource(self, row: dict[str, Any]) -> resources.Dispute:
        return codec.to_resource(self._shell.decider.from_row(row), self._sealer)

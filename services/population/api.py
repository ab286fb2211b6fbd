"""The gRPC edge: each method wraps its request as a command and returns the case."""

from typing import Any

from backbone.door.request import created_id
from backbone.intake.following import shown
from backbone.intake.opening import Openings
from backbone.postgres import paging as pages
from backbone.postgres.numbers import Numbers, today
from backbone.postgres.sealing import Sealer
from backbone.rpc.caller import Caller, caller_of
from backbone.shell.shell import Shell
from backbone.words.errors import NotFound
from backbone.words.matter_code import Intake, mint
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1 import population_service_pb2_grpc as rpc
from services.population import codec, storage
from services.population.care_case import Command, Event
from services.population.care_case.needs import RequestService, require_unnamed
from services.population.care_case.record import CareCase
from services.population.metrics import REVEALS

FILTERS = ("state", "programme", "overdue")


class PopulationService(rpc.PopulationServiceServicer):
    def __init__(
        self, shell: Shell[CareCase, Command, Event], sealer: Sealer, openings: Openings
    ) -> None:
        self._shell = shell
        self._sealer = sealer
        self._openings = openings
        self._numbers = Numbers(shell.pool)

    async def RegisterCareCase(self, request: pb.RegisterCareCaseRequest, context: Any) -> Any:
        caller = caller_of(context)
        new = created_id(caller.request_id, "care_case")
        code = await self._code(caller)
        command = codec.to_registration(request, caller, (new, code), self._sealer)
        found = await self._shell.perform(context, command, request, new, caller)
        return pb.RegisterCareCaseResponse(care_case=self._resource(found, caller))

    async def ReceiveCareCase(self, request: pb.ReceiveCareCaseRequest, context: Any) -> Any:
        return pb.ReceiveCareCaseResponse(care_case=await self._do(request, context))

    async def EntrustCareCase(self, request: pb.EntrustCareCaseRequest, context: Any) -> Any:
        return pb.EntrustCareCaseResponse(care_case=await self._do(request, context))

    async def SetCareClass(self, request: pb.SetCareClassRequest, context: Any) -> Any:
        return pb.SetCareClassResponse(care_case=await self._do(request, context))

    async def PlanVisit(self, request: pb.PlanVisitRequest, context: Any) -> Any:
        return pb.PlanVisitResponse(care_case=await self._do(request, context))

    async def RecordVisit(self, request: pb.RecordVisitRequest, context: Any) -> Any:
        return pb.RecordVisitResponse(care_case=await self._do(request, context))

    async def RequestService(self, request: pb.RequestServiceRequest, context: Any) -> Any:
        caller = caller_of(context)
        before = await self._see(request.care_case_id, caller)
        person = codec.opened(before, self._sealer)
        require_unnamed(request.text, (person.name, person.id_number, person.contact))
        code = await self._code(caller)
        command = codec.to_command(request, caller, self._sealer, code)
        assert isinstance(command, RequestService)  # noqa: S101  # named like its message
        found = await self._shell.perform(context, command, request, before.id, caller)
        care_case = self._resource(found, caller)
        incident = await self._openings.open(codec.to_matter(found, command.service_id))
        for asked in care_case.services:
            if incident is not None and asked.id == incident.id:
                asked.incident.CopyFrom(shown(incident))
        return pb.RequestServiceResponse(care_case=care_case)

    async def RecordServiceResult(
        self, request: pb.RecordServiceResultRequest, context: Any
    ) -> Any:
        return pb.RecordServiceResultResponse(care_case=await self._do(request, context))

    async def EndCareCase(self, request: pb.EndCareCaseRequest, context: Any) -> Any:
        return pb.EndCareCaseResponse(care_case=await self._do(request, context))

    async def SealCareCase(self, request: pb.SealCareCaseRequest, context: Any) -> Any:
        return pb.SealCareCaseResponse(care_case=await self._do(request, context))

    async def RevealPerson(self, request: pb.RevealPersonRequest, context: Any) -> Any:
        found = await self._perform(request, context, caller_of(context))
        REVEALS.labels(found.admission.programme).inc()
        return codec.to_revealed(found, self._sealer)

    async def GetCareCase(self, request: pb.GetCareCaseRequest, context: Any) -> Any:
        """Reads go to the rows of the primary: whoever has written sees it."""
        caller = caller_of(context)
        found = await self._see(request.care_case_id, caller)
        return pb.GetCareCaseResponse(care_case=self._resource(found, caller))

    async def ListCareCases(self, request: pb.ListCareCasesRequest, context: Any) -> Any:
        caller, pool = caller_of(context), self._shell.pool
        filters = pages.filters_of(request, FILTERS)
        size = pages.size_of(request.page_size)
        rows, token = await storage.page(pool, caller.actor, filters, size, request.page_token)
        read = self._shell.decider.from_row
        items = [self._resource(read(row), caller) for row in rows]
        response = pb.ListCareCasesResponse(items=items, next_page_token=token)
        if request.count:
            response.total_size = await storage.count(pool, caller.actor, filters)
        return response

    async def _see(self, text: str, caller: Caller) -> CareCase:
        case_id = codec.care_case_id(text)
        row = await storage.one(self._shell.pool, caller.actor, case_id)
        if row is None:
            raise NotFound("NO_SUCH_CARE_CASE")
        return self._shell.decider.from_row(row)

    async def _code(self, caller: Caller) -> str:
        day = today()
        number = await self._numbers.next(day)
        return mint(caller.actor.area, day, Intake.POPULATION, number)

    async def _do(self, body: Any, context: Any) -> resources.CareCase:
        caller = caller_of(context)
        return self._resource(await self._perform(body, context, caller), caller)

    async def _perform(self, body: Any, context: Any, caller: Caller) -> CareCase:
        about = codec.care_case_id(body.care_case_id)
        command = codec.to_command(body, caller, self._sealer)
        return await self._shell.perform(context, command, body, about, caller)

    def _resource(self, found: CareCase, caller: Caller) -> resources.CareCase:
        return codec.to_resource(found, self._sealer, caller.actor)

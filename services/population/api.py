"""The gRPC edge: what only passes a request to the door is made from the contract."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backbone.door.actions import Actions, actions_of
from backbone.door.decider import Decider
from backbone.door.request import created_id
from backbone.intake.following import shown
from backbone.intake.opening import Openings
from backbone.postgres.numbers import Numbers, today
from backbone.postgres.pool import Connection
from backbone.rpc.caller import Call, caller_of
from backbone.rpc.passing import passing
from backbone.shell.known_persons import ids_in
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.words.errors import InvalidTransition, NotFound
from backbone.words.matter_code import Intake, mint
from backbone.words.persons import unnamed
from liandong.population.v1 import population_pb2 as resources
from liandong.population.v1 import population_service_pb2 as pb
from liandong.population.v1 import population_service_pb2_grpc as rpc
from services.population import codec, storage
from services.population.care_case import CARE_CASES
from services.population.care_case.record import CareCase
from services.population.metrics import REVEALS
from services.population.needs_texts import NeedsTexts
from services.population.own_keys import OwnKey, PersonKeys

SERVICE = pb.DESCRIPTOR.services_by_name["PopulationService"]


@passing(SERVICE, CARE_CASES.verbs)
class PopulationService(rpc.PopulationServiceServicer):
    def __init__(
        self, shell: Shell, decider: Decider[CareCase], persons: PersonKeys, openings: Openings
    ) -> None:
        self._shell = shell
        self._decider = decider
        self._actions: Actions[CareCase] = actions_of(decider, SERVICE)
        self._lists = lists_of(shell, decider)
        self._persons = persons
        self._openings = openings
        self._needs = NeedsTexts(shell.rows.of(decider), persons)
        self._numbers = Numbers(shell.pool)

    async def RegisterCareCase(self, request: pb.RegisterCareCaseRequest, context: Any) -> Any:
        caller = caller_of(context)
        new = created_id(caller.request_id, "care_case")
        code = await self._code(caller)
        own = await self._persons.made(new, is_new=True)
        command = codec.to_registration(request, caller, (new, code), own)
        case = await self._shell.perform(self._decider, context, command, request, new, caller)
        return pb.RegisterCareCaseResponse(care_case=await self._resource(case, caller))

    async def RequestService(self, request: pb.RequestServiceRequest, context: Any) -> Any:
        caller = caller_of(context)
        before = await self._see(request.care_case_id, caller)
        own = await self._persons.of(before.id)
        named = self._names(request.text, before, own)
        code = await self._code(caller)
        command = codec.to_command(request, caller, own, code=code, names_the_person=named)
        case = await self._shell.perform(
            self._decider, context, command, request, before.id, caller
        )
        care_case = await self._resource(case, caller)
        incident = await self._openings.open(codec.to_matter(case, command.service_id))
        for asked in care_case.services:
            if incident is not None and asked.id == incident.id:
                asked.incident.CopyFrom(shown(incident))
        return pb.RequestServiceResponse(care_case=care_case)

    def _names(self, text: str, case: CareCase, own: OwnKey) -> bool:
        """Whether the text, as it was written before the edge sealed pieces, names the person, as
        people call or mask him or her."""
        person, spans = codec.opened(case, own), self._shell.keys.sealer.spans
        plain = spans.open(text) if spans else text
        return unnamed(plain, (person.name,), (person.id_number, person.contact)) != plain

    async def ForgetPerson(self, request: pb.ForgetPersonRequest, context: Any) -> Any:
        caller = caller_of(context)
        before = await self._see(request.care_case_id, caller)
        own = await self._persons.made(before.id)
        named = self._names(request.reason, before, own)
        command = codec.to_command(request, caller, own, names_the_person=named)
        case = await self._shell.perform(
            self._decider, context, command, request, before.id, caller
        )
        return pb.ForgetPersonResponse(care_case=await self._resource(case, caller))

    async def RevealPerson(self, request: pb.RevealPersonRequest, context: Any) -> Any:
        case = await self._perform(request, context, caller_of(context))
        REVEALS.labels(case.admission.programme).inc()
        own = await self._persons.of(case.id)
        if own.is_forgotten:  # after a restore to a moment before it
            raise InvalidTransition("PERSON_FORGOTTEN")
        return codec.to_revealed(case, own)

    async def GetCareCase(self, request: pb.GetCareCaseRequest, context: Any) -> Any:
        """Reads go to the rows of the primary: a caller sees what the caller has written."""
        caller = caller_of(context)
        case = await self._see(request.care_case_id, caller)
        return pb.GetCareCaseResponse(care_case=await self._resource(case, caller))

    async def ListCareCases(self, request: pb.ListCareCasesRequest, context: Any) -> Any:
        caller = caller_of(context)
        asked = storage.asked(request, caller.actor)
        owns: dict[UUID, OwnKey] = {}

        async def read_keys(conn: Connection, rows: Sequence[Any]) -> None:
            owns.update(await self._persons.of_all(conn, [row["id"] for row in rows]))

        def show(row: Any) -> resources.CareCase:
            return self._shown(self._decider.from_row(row), caller, owns[row["id"]])

        response = pb.ListCareCasesResponse()
        return await self._lists.answer(request, response, asked, show, read_keys)

    async def KeepTexts(self, request: pb.KeepTextsRequest, context: Any) -> Any:
        needs = [*ids_in(request.service_ids)]
        kept = await self._needs.keep(needs, [each.decode() for each in request.texts])
        return pb.KeepTextsResponse(texts=(each.encode() for each in kept))

    async def GiveSpans(self, request: pb.GiveSpansRequest, context: Any) -> Any:
        given = await self._needs.give([each.decode() for each in request.spans])
        return pb.GiveSpansResponse(texts=(each.encode() for each in given))

    async def _see(self, text: str, caller: Call) -> CareCase:
        case_id = codec.care_case_id(text)
        row = await self._lists.find(case_id, storage.sights_of(caller.actor))
        if row is None:
            raise NotFound("NO_SUCH_CARE_CASE")
        return self._decider.from_row(row)

    async def _code(self, caller: Call) -> str:
        day = today()
        number = await self._numbers.serial(day)
        return mint(caller.actor.area, day, Intake.POPULATION, number)

    async def pass_on(self, body: Any, context: Any) -> resources.CareCase:
        """Perform the command of the request's name."""
        caller = caller_of(context)
        return await self._resource(await self._perform(body, context, caller), caller)

    async def _perform(self, body: Any, context: Any, caller: Call) -> CareCase:
        about = codec.care_case_id(body.care_case_id)
        command = codec.to_command(body, caller, await self._persons.made(about))
        return await self._shell.perform(self._decider, context, command, body, about, caller)

    async def _resource(self, case: CareCase, caller: Call) -> resources.CareCase:
        return self._shown(case, caller, await self._persons.of(case.id))

    def _shown(self, case: CareCase, caller: Call, own: OwnKey) -> resources.CareCase:
        message = codec.to_resource(case, own, caller.actor)
        message.actions.extend(self._actions.of(case, caller.actor))
        return message

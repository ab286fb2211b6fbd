"""The gRPC edge: each method wraps its request as a command and returns the petition."""

from typing import Any

from backbone.directory.replica import Replica
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
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1 import petition_service_pb2_grpc as rpc
from services.petition import codec, storage
from services.petition.petition import Command, Event
from services.petition.petition.record import Petition
from services.petition.petition.repeats import Earlier, suggest
from services.petition.tracking import Tracking, pin_of

FILTERS = ("state", "channel", "kind", "category", "desk", "code")


class PetitionService(rpc.PetitionServiceServicer):
    def __init__(
        self,
        shell: Shell[Petition, Command, Event],
        replica: Replica,
        sealer: Sealer,
        openings: Openings,
    ) -> None:
        self._shell = shell
        self._replica = replica
        self._sealer = sealer
        self._openings = openings
        self._numbers = Numbers(shell.pool)
        self._tracking = Tracking(shell.pool, shell.decider, sealer)

    async def RegisterPetition(self, request: pb.RegisterPetitionRequest, context: Any) -> Any:
        caller, day = caller_of(context), today()
        new = created_id(caller.request_id, "petition")
        number = await self._numbers.next(day)
        code = mint(caller.actor.area, day, Intake.PETITION, number)
        command = codec.to_registration(request, caller, (new, code), self._sealer)
        found = await self._shell.perform(context, command, request, new, caller)
        petition = codec.to_resource(found, self._sealer)
        petition.pin = pin_of(found.id, self._sealer)
        petition.repeats.extend(await self._repeats(found))
        return pb.RegisterPetitionResponse(petition=petition)

    async def AcceptPetition(self, request: pb.AcceptPetitionRequest, context: Any) -> Any:
        return pb.AcceptPetitionResponse(petition=await self._do(request, context))

    async def DeclinePetition(self, request: pb.DeclinePetitionRequest, context: Any) -> Any:
        return pb.DeclinePetitionResponse(petition=await self._do(request, context))

    async def ReferPetition(self, request: pb.ReferPetitionRequest, context: Any) -> Any:
        return pb.ReferPetitionResponse(petition=await self._do(request, context))

    async def RoutePetition(self, request: pb.RoutePetitionRequest, context: Any) -> Any:
        found = await self._perform(request, context)
        petition = codec.to_resource(found, self._sealer)
        incident = await self._openings.open(codec.to_matter(found))
        if incident is not None:
            petition.incident.CopyFrom(shown(incident))
        return pb.RoutePetitionResponse(petition=petition)

    async def RecordProgress(self, request: pb.RecordProgressRequest, context: Any) -> Any:
        return pb.RecordProgressResponse(petition=await self._do(request, context))

    async def ReplyPetition(self, request: pb.ReplyPetitionRequest, context: Any) -> Any:
        return pb.ReplyPetitionResponse(petition=await self._do(request, context))

    async def ClosePetition(self, request: pb.ClosePetitionRequest, context: Any) -> Any:
        return pb.ClosePetitionResponse(petition=await self._do(request, context))

    async def RevealPetitioner(self, request: pb.RevealPetitionerRequest, context: Any) -> Any:
        return codec.to_revealed(await self._perform(request, context), self._sealer)

    async def GetPetition(self, request: pb.GetPetitionRequest, context: Any) -> Any:
        """Reads go to the rows of the primary: whoever has written sees it."""
        asked = codec.petition_id(request.petition_id)
        row = await storage.one(self._shell.pool, caller_of(context).actor, asked)
        if row is None:
            raise NotFound("NO_SUCH_PETITION")
        return pb.GetPetitionResponse(petition=self._resource(row))

    async def ListPetitions(self, request: pb.ListPetitionsRequest, context: Any) -> Any:
        actor, pool = caller_of(context).actor, self._shell.pool
        filters = pages.filters_of(request, FILTERS)
        size = pages.size_of(request.page_size)
        rows, token = await storage.page(pool, actor, filters, size, request.page_token)
        items = [self._resource(row) for row in rows]
        response = pb.ListPetitionsResponse(items=items, next_page_token=token)
        if request.count:
            response.total_size = await storage.count(pool, actor, filters)
        return response

    async def TrackPetition(self, request: pb.TrackPetitionRequest, context: Any) -> Any:
        found = await self._tracking.find(request.code, request.pin)
        handler = found.incident.unit if found.incident else found.desk
        known = self._replica.city.units.get(handler) if self._replica.loaded else None
        tracked = codec.to_tracked(found, known.name if known else "")
        return pb.TrackPetitionResponse(petition=tracked)

    async def _do(self, body: Any, context: Any) -> resources.Petition:
        return codec.to_resource(await self._perform(body, context), self._sealer)

    async def _perform(self, body: Any, context: Any) -> Petition:
        caller, about = caller_of(context), codec.petition_id(body.petition_id)
        return await self._shell.perform(
            context, codec.to_command(body, caller), body, about, caller
        )

    async def _repeats(self, found: Petition) -> list[resources.Repeat]:
        """Only earlier ones: a repeated registration is shown the same."""
        indexes = list(found.filing.petitioner_indexes)
        if not indexes:
            return []
        asked = (indexes, found.register_time, found.id, found.desk)
        rows = await self._shell.pool.fetch(storage.EARLIER, *asked)
        earlier = (Earlier(**row) for row in rows)
        return [codec.to_repeat(each) for each in suggest(found.filing.text, earlier)]

    def _resource(self, row: dict[str, Any]) -> resources.Petition:
        return codec.to_resource(self._shell.decider.from_row(row), self._sealer)

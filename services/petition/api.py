"""The gRPC edge: a request becomes a command, the answer is the petition afterwards."""

from typing import Any

from msgspec.structs import replace

from backbone.directory.places import Places
from backbone.directory.replica import Replica
from backbone.door.actions import Actions, actions_of
from backbone.door.decider import Decider
from backbone.door.request import created_id
from backbone.intake.amending import Amending
from backbone.intake.following import shown
from backbone.intake.opening import Openings
from backbone.intake.settling import Settlings
from backbone.intake.urging import Urging
from backbone.postgres.numbers import Numbers, today
from backbone.postgres.sealing import Sealer
from backbone.rpc.caller import caller_of
from backbone.rpc.passing import passing
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from backbone.words.followed import holding_unit
from backbone.words.matter_code import Intake, mint
from liandong.petition.v1 import petition_pb2 as resources
from liandong.petition.v1 import petition_service_pb2 as pb
from liandong.petition.v1 import petition_service_pb2_grpc as rpc
from services.petition import codec, storage
from services.petition.petition import PETITIONS
from services.petition.petition.pairs import require_handed_out
from services.petition.petition.record import Petition
from services.petition.petition.repeats import suggest
from services.petition.tracking import Tracking, pin_of, read_limits

SERVICE = pb.DESCRIPTOR.services_by_name["PetitionService"]


@passing(SERVICE, PETITIONS.verbs)
class PetitionService(rpc.PetitionServiceServicer):
    def __init__(
        self,
        shell: Shell,
        decider: Decider[Petition],
        replica: Replica,
        sealer: Sealer,
        openings: Openings,
        places: Places,
    ) -> None:
        self._shell = shell
        self._urging = Urging(shell.settings)
        self._amending = Amending(shell.settings)
        self._decider = decider
        self._actions: Actions[Petition] = actions_of(decider, SERVICE)
        self._rows = shell.rows.of(decider)
        self._lists = lists_of(shell, decider)
        self._replica = replica
        self._sealer = sealer
        self._openings = openings
        self._places = places
        self._settlings = Settlings(shell.settings)
        self._numbers = Numbers(shell.pool)
        limits = read_limits(shell.settings.environ)
        self._tracking = Tracking(shell.pool, self._rows, sealer, limits)

    async def RegisterPetition(self, request: pb.RegisterPetitionRequest, context: Any) -> Any:
        caller, day = caller_of(context), today()
        new = created_id(caller.request_id, "petition")
        number = await self._numbers.serial(day)
        code = mint(caller.actor.area, day, Intake.PETITION, number)
        command = codec.to_registration(request, caller, (new, code), self._known())
        command = codec.located(command, self._places)
        petition = await self._shell.perform(self._decider, context, command, request, new, caller)
        resource = self._with_pin(petition, caller.actor)
        resource.repeats.extend(await self._repeats(petition))
        return pb.RegisterPetitionResponse(petition=resource)

    async def AmendPetition(self, request: pb.AmendPetitionRequest, context: Any) -> Any:
        """Commit, then tell the incident: should the call fail, the event tells the same."""
        caller, about = caller_of(context), codec.petition_id(request.petition_id)
        row = await storage.one(self._rows, about)
        known = self._decider.from_row(row) if row else None
        command = codec.to_correction(request, caller, known, self._known())
        if command.place is not None:
            command = replace(command, place=self._places.locate(command.place))
        petition = await self._shell.perform(
            self._decider, context, command, request, about, caller
        )
        resource = self._shown(petition, caller.actor)
        told = codec.to_amendment(petition, caller.actor)
        incident = await self._amending.tell(told) if told else None
        if incident is not None:
            resource.incident.CopyFrom(shown(incident))
        return pb.AmendPetitionResponse(petition=resource)

    async def RoutePetition(self, request: pb.RoutePetitionRequest, context: Any) -> Any:
        petition = await self._perform(request, context)
        resource = self._shown(petition, caller_of(context).actor)
        incident = await self._openings.open(codec.to_matter(petition))
        if incident is not None:
            resource.incident.CopyFrom(shown(incident))
        return pb.RoutePetitionResponse(petition=resource)

    async def RevealPetitioner(self, request: pb.RevealPetitionerRequest, context: Any) -> Any:
        return codec.to_revealed(await self._perform(request, context), self._sealer)

    async def ReissuePin(self, request: pb.ReissuePinRequest, context: Any) -> Any:
        caller, about = caller_of(context), codec.petition_id(request.petition_id)
        command = codec.to_reissue(request, caller, self._known())
        petition = await self._shell.perform(
            self._decider, context, command, request, about, caller
        )
        return pb.ReissuePinResponse(petition=self._with_pin(petition, caller.actor))

    async def GetPetition(self, request: pb.GetPetitionRequest, context: Any) -> Any:
        """Reads the row of the primary, so that the writer sees the own change."""
        asked = codec.petition_id(request.petition_id)
        actor = caller_of(context).actor
        sights = storage.sights_of(actor)
        row = await self._lists.find(asked, sights)
        if row is None:
            raise NotFound("NO_SUCH_PETITION")
        return pb.GetPetitionResponse(petition=self._shown(self._decider.from_row(row), actor))

    async def ListPetitions(self, request: pb.ListPetitionsRequest, context: Any) -> Any:
        actor = caller_of(context).actor
        asked = storage.asked(request, actor)

        def show(row: Any) -> resources.Petition:
            return self._shown(self._decider.from_row(row), actor)

        return await self._lists.answer(request, pb.ListPetitionsResponse(), asked, show)

    async def TrackPetition(self, request: pb.TrackPetitionRequest, context: Any) -> Any:
        return pb.TrackPetitionResponse(petition=self._tracked(await self._found(request, context)))

    async def UrgePetition(self, request: pb.UrgePetitionRequest, context: Any) -> Any:
        petition = await self._found(request, context)
        require_handed_out(petition)
        await self._urging.urge(petition.id, petition.desk, caller_of(context).request_id)
        return pb.UrgePetitionResponse(petition=self._tracked(petition))

    async def _found(self, request: Any, context: Any) -> Petition:
        """The petition of a citizen who knows code and PIN."""
        address = caller_of(context).address
        return await self._tracking.find(request.code, request.pin, address)

    def _tracked(self, petition: Petition) -> resources.Tracked:
        handler = holding_unit(petition.handling.incident) or petition.desk
        known = self._replica.city.units.get(handler) if self._replica.loaded else None
        return codec.to_tracked(petition, known.name if known else "")

    async def ClosePetition(self, request: pb.ClosePetitionRequest, context: Any) -> Any:
        """A person waits: the incident is filed by call, and not only by the event."""
        petition = await self._perform(request, context)
        incident, actor = petition.handling.incident, caller_of(context).actor
        await self._settlings.settle(petition, incident, "PetitionClosed", actor)
        return pb.ClosePetitionResponse(petition=self._shown(petition, actor))

    async def pass_on(self, request: Any, context: Any) -> resources.Petition:
        return self._shown(await self._perform(request, context), caller_of(context).actor)

    async def _perform(self, body: Any, context: Any) -> Petition:
        caller, about = caller_of(context), codec.petition_id(body.petition_id)
        command = codec.to_command(body, caller)
        return await self._shell.perform(self._decider, context, command, body, about, caller)

    async def _repeats(self, petition: Petition) -> list[resources.Repeat]:
        """Only earlier ones: a repeated registration is shown the same."""
        rows = await storage.earlier(self._rows, petition)
        earlier = [codec.to_earlier(self._decider.from_row(row)) for row in rows]
        return [codec.to_repeat(each) for each in suggest(petition.filing.text, earlier)]

    def _known(self) -> codec.Known:
        head = self._replica.city.head if self._replica.loaded else None
        return codec.Known(self._sealer, head.dialling_code if head else "")

    def _with_pin(self, petition: Petition, actor: Actor) -> resources.Petition:
        resource = self._shown(petition, actor)
        resource.pin = pin_of(petition.id, petition.pin_issue, self._sealer)
        return resource

    def _shown(self, petition: Petition, actor: Actor) -> resources.Petition:
        message = codec.to_resource(petition, self._sealer)
        message.actions.extend(self._actions.of(petition, actor))
        return message

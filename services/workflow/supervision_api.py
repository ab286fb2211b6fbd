"""The gRPC front of supervisions: verbs over both roads, and reads."""

from typing import Any
from uuid import UUID

from backbone.door.decider import Decider
from backbone.postgres.listing import Lists
from backbone.rpc.caller import caller_of
from backbone.rpc.passing import passing
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from liandong.supervision.v1 import supervision_pb2 as resources
from liandong.supervision.v1 import supervision_service_pb2 as pb
from liandong.supervision.v1 import supervision_service_pb2_grpc as rpc
from services.workflow import storage, supervising
from services.workflow.calling import Calls
from services.workflow.supervision import SUPERVISIONS
from services.workflow.supervision.record import Supervision

SERVICE = pb.DESCRIPTOR.services_by_name["SupervisionService"]


@passing(SERVICE, SUPERVISIONS.verbs)
class SupervisionFront(rpc.SupervisionServiceServicer):
    """The whole service. A verb without a method here is passed on over both roads."""

    def __init__(self, shell: Shell, decider: Decider[Supervision], calls: Calls) -> None:
        self._decider = decider
        self._calls = calls
        key, paths = shell.settings.keyring.lasting, storage.SUPERVISION_PATHS
        self._lists = Lists(shell.pool, key, decider.table.name, paths)

    async def pass_on(self, request: Any, context: Any) -> resources.Supervision:
        if not isinstance(request, pb.OpenSupervisionRequest):
            _id(request.supervision_id)
        caller = caller_of(context)
        found = await self._calls.perform(request, context, caller)
        return supervising.to_resource(found, caller.actor)

    async def GetSupervision(self, request: pb.GetSupervisionRequest, context: Any) -> Any:
        """Raises NotFound, also for a supervision outside the caller's scope."""
        actor = caller_of(context).actor
        sights = storage.supervision_sights(actor)
        row = await self._lists.find(_id(request.supervision_id), sights)
        if row is None:
            raise NotFound("NO_SUCH_SUPERVISION")
        return pb.GetSupervisionResponse(supervision=self._shown(row, actor))

    async def ListSupervisions(self, request: pb.ListSupervisionsRequest, context: Any) -> Any:
        actor = caller_of(context).actor
        asked, response = storage.asked_supervisions(request, actor), pb.ListSupervisionsResponse()
        return await self._lists.answer(
            request, response, asked, lambda row: self._shown(row, actor)
        )

    def _shown(self, row: Any, actor: Actor) -> resources.Supervision:
        return supervising.to_resource(self._decider.from_row(row), actor)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("NO_SUCH_SUPERVISION") from error

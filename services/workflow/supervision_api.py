"""The gRPC front of supervisions: verbs over both roads, and reads."""

from typing import Any
from uuid import UUID

from backbone.door.actions import Actions, actions_of
from backbone.door.decider import Decider
from backbone.postgres.listing import within
from backbone.postgres.paging import MOST, read_token, scope_of, sign_token, size_of
from backbone.rpc.caller import caller_of
from backbone.rpc.ids import named_id
from backbone.rpc.passing import passing
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from liandong.supervision.v1 import supervision_pb2 as resources
from liandong.supervision.v1 import supervision_service_pb2 as pb
from liandong.supervision.v1 import supervision_service_pb2_grpc as rpc
from services.workflow import storage, supervising
from services.workflow.calling import Calls
from services.workflow.hands import Hands
from services.workflow.naming import OF_SUPERVISIONS, Named
from services.workflow.supervision import SUPERVISIONS
from services.workflow.supervision.record import Supervision

SERVICE = pb.DESCRIPTOR.services_by_name["SupervisionService"]


@passing(SERVICE, SUPERVISIONS.verbs)
class SupervisionFront(rpc.SupervisionServiceServicer):
    """The whole service. A verb without a method here is passed on over both roads."""

    def __init__(self, shell: Shell, decider: Decider[Supervision], calls: Calls) -> None:
        self._decider = decider
        self._calls = calls
        self._pool = shell.pool
        self._journal = shell.rows.journal
        self._actions: Actions[Supervision] = actions_of(decider, SERVICE)
        self._key = shell.settings.keyring.lasting
        self._lists = lists_of(shell, decider)

    async def pass_on(self, request: Any, context: Any) -> resources.Supervision:
        if not isinstance(request, pb.OpenSupervisionRequest):
            _id(request.supervision_id)
        caller = caller_of(context)
        found = await self._calls.perform(request, context, caller)
        return await self._shown_alone(found, caller.actor)

    async def GetSupervision(self, request: pb.GetSupervisionRequest, context: Any) -> Any:
        """Raises NotFound, also for a supervision outside the caller's scope."""
        actor = caller_of(context).actor
        shown = await self._shown_alone(await self._found(request, actor), actor)
        return pb.GetSupervisionResponse(supervision=shown)

    async def ListSupervisions(self, request: pb.ListSupervisionsRequest, context: Any) -> Any:
        actor = caller_of(context).actor
        asked, response = storage.asked_supervisions(request, actor), pb.ListSupervisionsResponse()
        hands, named = await Hands.of(self._pool, actor), Named(OF_SUPERVISIONS)

        def show(row: Any) -> resources.Supervision:
            return self._shown(self._decider.from_row(row), actor, hands, named)

        return await self._lists.answer(request, response, asked, show, named.read_rows)

    async def GetSupervisionTimeline(
        self, request: pb.GetSupervisionTimelineRequest, context: Any
    ) -> Any:
        """The events in order, as many as one answer holds."""
        actor = caller_of(context).actor
        found = await self._found(request, actor)
        scope, size = scope_of(request), size_of(request.page_size or MOST)
        after = read_token(self._key, scope, request.page_token, int) or 0
        rows = await self._journal.rows(found.id, after, size + 1, found.version)
        told = [(row, supervising.to_progress(row, found, actor)) for row in rows[:size]]
        items = within(entry for _, entry in told if entry is not None)
        named = await Named(OF_SUPERVISIONS).read(self._pool, [found.id])
        response = pb.GetSupervisionTimelineResponse(items=items, persons=named.of(found.id))
        shown = [row for row, entry in told if entry is not None]
        cut = len(items) < len(shown)
        if cut or len(rows) > size:
            last = shown[len(items) - 1] if cut else rows[size - 1]
            response.next_page_token = sign_token(self._key, scope, last["version"])
        return response

    async def _found(self, request: Any, actor: Actor) -> Supervision:
        """Raises NotFound, also for a supervision outside the actor's scope."""
        sights = storage.supervision_sights(actor)
        row = await self._lists.find(_id(request.supervision_id), sights)
        if row is None:
            raise NotFound("NO_SUCH_SUPERVISION")
        return self._decider.from_row(row)

    async def _shown_alone(self, found: Supervision, actor: Actor) -> resources.Supervision:
        hands = await Hands.of(self._pool, actor)
        return self._shown(
            found, actor, hands, await Named(OF_SUPERVISIONS).read(self._pool, [found.id])
        )

    def _shown(
        self, found: Supervision, actor: Actor, hands: Hands, named: Named
    ) -> resources.Supervision:
        message = supervising.to_resource(found, actor)
        message.actions.extend(self._actions.of(found, actor, also=hands))
        message.persons.extend(named.of(found.id))
        return message


def _id(text: str) -> UUID:
    return named_id(text, "NO_SUCH_SUPERVISION")

"""The partner's side of the desk: the tickets of a unit, answered or refused."""

from typing import Any
from uuid import UUID

from backbone.door.actions import Actions
from backbone.door.decider import Decider
from backbone.rpc.caller import caller_of
from backbone.rpc.ids import named_id
from backbone.shell.lists import lists_of
from backbone.shell.shell import Shell
from backbone.wire import to_record
from backbone.words.actor import Actor
from backbone.words.errors import NotFound
from liandong.alarm.v1 import alarm_pb2 as resources
from liandong.alarm.v1 import alarm_service_pb2 as pb
from services.alarm import codec, storage
from services.alarm.receipt.record import Receipt
from services.alarm.receipt.tickets import returned_by, ticket_of


class Tickets:
    """A ticket is the receipt that was passed on, in the partner's words."""

    def __init__(self, shell: Shell, decider: Decider[Receipt], actions: Actions[Receipt]) -> None:
        self._shell = shell
        self._decider = decider
        self._actions = actions
        self._lists, self._rows = lists_of(shell, decider), shell.rows.of(decider)

    async def get(self, request: pb.GetTicketRequest, context: Any) -> resources.Ticket:
        """Raises NotFound, also for a ticket of another unit. One that was given back is shown to
        its unit, whatever the desk has made of the report since."""
        actor, about = caller_of(context).actor, _id(request.ticket_id)
        row = await self._lists.find(about, storage.sights_of(actor))
        receipt = None if row is None else self._decider.from_row(row)
        if receipt is None or ticket_of(receipt) is None:
            row = await storage.one(self._rows, about)
            receipt = None if row is None else self._decider.from_row(row)
            if receipt is None or returned_by(receipt, actor) is None:
                raise NotFound("NO_SUCH_TICKET")
        return self._shown(receipt, actor)

    async def page(self, request: pb.ListTicketsRequest, context: Any) -> pb.ListTicketsResponse:
        actor = caller_of(context).actor
        asked = storage.asked_tickets(request, actor)
        response = pb.ListTicketsResponse()

        def item(row: Any) -> resources.Ticket:
            return self._shown(self._decider.from_row(row), actor)

        await self._lists.answer(request, response, asked, item)
        return response

    async def perform(self, kind: Any, request: Any, context: Any) -> resources.Ticket:
        """Give the command of this kind to the receipt that the ticket was."""
        caller = caller_of(context)
        command = to_record(request, kind, by=caller.actor)
        try:
            receipt = await self._shell.perform(
                self._decider, context, command, request, _id(request.ticket_id), caller
            )
        except NotFound as error:
            raise NotFound("NO_SUCH_TICKET") from error
        return self._shown(receipt, caller.actor)

    def _shown(self, receipt: Receipt, actor: Actor) -> resources.Ticket:
        given, returned = ticket_of(receipt), returned_by(receipt, actor)
        if returned is not None and (given is None or given.unit != actor.unit):
            return codec.to_returned(receipt, returned)
        ticket = codec.to_ticket(receipt)
        ticket.actions.extend(self._actions.of(receipt, actor))
        return ticket


def _id(text: str) -> UUID:
    return named_id(text, "NO_SUCH_TICKET")
